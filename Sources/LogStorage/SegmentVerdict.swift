/// What a walk over a segment comes to: the decision table of recovery. SPEC.md §2.4.
enum SegmentVerdict: Equatable {
    /// Everything that the segment must hold is there. `torn` is where bytes begin that were never acknowledged.
    case whole(torn: LogDamage?)
    case damaged(LogDamage)
}

extension SegmentWalk {
    /// Judges a segment that has a successor, over a scanner that ends where the successor says.
    mutating func judge(
        successor: SegmentHeader, _ take: (LocatedFrame) -> Void
    ) throws(LogError) -> SegmentVerdict {
        func broken(_ field: String) -> SegmentVerdict {
            .damaged(LogDamage(segment: successor.number, offset: 0, reason: .chainBroken(field: field)))
        }
        guard let link = successor.predecessor, link.number == entry.number else { return broken("number") }
        if let stop = try run(take) { return .damaged(stop) }
        guard wholeEnd == Int(link.endOffset) else {
            // The group that the end cuts.
            return .damaged(
                LogDamage(
                    segment: entry.number, offset: wholeEnd,
                    reason: .recordsMissing(next: chain.wholeLSN, durable: successor.firstLSN, found: nil)))
        }
        guard successor.firstLSN == chain.nextLSN else { return broken("firstLSN") }
        guard link.lastFrameCRC == chain.lastFrameCRC else { return broken("lastFrameCRC") }
        return .whole(torn: nil)
    }

    /// Judges a segment whose successor was dropped, over a scanner that ends where the list says.
    mutating func judge(_ row: SealedSegment, _ take: (LocatedFrame) -> Void) throws(LogError) -> SegmentVerdict {
        if let stop = try run(take) { return .damaged(stop) }
        guard wholeEnd == row.end else { return .damaged(damage(.endMismatch(field: "end"))) }
        guard chain.nextLSN == row.nextLSN else { return .damaged(damage(.endMismatch(field: "nextLSN"))) }
        guard chain.lastFrameCRC == row.lastFrameCRC else {
            return .damaged(damage(.endMismatch(field: "lastFrameCRC")))
        }
        return .whole(torn: nil)
    }

    /// Judges a rewrite segment, over a scanner that ends where its header says: it is whole, or damaged.
    mutating func judgeRewrite(
        _ rewrite: SegmentHeader.Rewrite, _ take: (LocatedFrame) -> Void
    ) throws(LogError) -> SegmentVerdict {
        var recordCount = 0
        let stop = try run { located in
            recordCount += located.frame.header.recordCount
            take(located)
        }
        if let stop { return .damaged(stop) }
        guard wholeEnd == rewrite.framesEnd else { return .damaged(damage(.endMismatch(field: "framesEnd"))) }
        guard wholeFrameCRC == rewrite.lastFrameCRC else {
            return .damaged(damage(.endMismatch(field: "lastFrameCRC")))
        }
        guard recordCount == rewrite.recordCount else {
            return .damaged(damage(.endMismatch(field: "recordCount")))
        }
        return .whole(torn: nil)
    }

    /// Judges the newest segment: with D the greatest durable LSN that its header or a sound frame states, and F the
    /// first LSN that cannot be read, F < D is damage and F ≥ D a torn tail.
    mutating func judgeNewest(_ take: (LocatedFrame) -> Void) throws(LogError) -> SegmentVerdict {
        guard let stop = try run(take) else {
            guard chain.openGroup != nil else { return .whole(torn: nil) }
            return .whole(torn: damage(.frame(.truncated(needed: FrameHeader.encodedByteCount, available: 0))))
        }
        // The checksums hold and yet it is wrong: no torn write looks so.
        guard case .frame(let error) = stop.reason, error.canBeTornWrite else { return .damaged(stop) }
        let (durable, hasMore) = try durableAfterStop()
        guard chain.wholeLSN >= durable else {
            return .damaged(damage(.recordsMissing(next: chain.wholeLSN, durable: durable, found: error)))
        }
        let isBlank = error == .wrongMagic(0) && !hasMore && chain.openGroup == nil
        return .whole(torn: isBlank ? nil : stop)
    }
}
