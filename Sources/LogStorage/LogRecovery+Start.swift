extension LogRecovery {
    /// The segments that are walked over, by ascending number: without a gap from the first to the newest.
    func walkedSegments() throws(LogError) -> [UInt64] {
        guard let start else {
            if let missing = directory.missing { throw Self.missing(missing) }
            return directory.segments
        }
        let numbers = directory.segments.filter { $0 >= start.segment }
        var expected = start.segment
        for number in numbers {
            guard number == expected else { throw Self.missing(expected) }
            expected += 1
        }
        guard !numbers.isEmpty else { throw Self.missing(start.segment) }
        return numbers
    }

    /// Checks that the segments that are not read are there and have their frames' bytes.
    func checkSealed(_ rows: [SealedSegment]) throws(LogError) {
        let present = Set(directory.segments)
        var previous: SealedSegment?
        for row in rows {
            guard present.contains(row.number) else { throw Self.missing(row.number) }
            let isInOrder = previous.map { $0.number < row.number && $0.nextLSN <= row.firstLSN } ?? true
            guard isInOrder, row.number > 0, row.firstLSN >= .first, row.firstLSN <= row.nextLSN else {
                throw .damaged(LogDamage(segment: row.number, offset: 0, reason: .chainBroken(field: "firstLSN")))
            }
            let size: Int
            do throws(FileSystemError) {
                let file = LogFileHandle(try fileSystem.open(directory.path(ofSegment: row.number), .read))
                size = try file.file.size()
            } catch {
                throw .storage(error)
            }
            guard size >= max(row.end, SegmentHeader.encodedByteCount) else {
                throw .damaged(
                    LogDamage(
                        segment: row.number, offset: size, reason: .fileTooShort(size: size, expected: row.end)))
            }
            previous = row
        }
    }

    /// Checks that the first segment that is read continues those that are not, and holds the place to start from.
    func checkBeginning(_ segment: SegmentReading, after rows: [SealedSegment]) throws(LogError) {
        guard let start else { return }
        let header = segment.header
        func broken(_ field: String) -> LogError { .damaged(segment.headerDamage(.chainBroken(field: field))) }
        if let logID = start.logID, logID != header.logID { throw .damaged(segment.headerDamage(.foreignLog)) }
        guard header.firstLSN <= start.lsn else {
            throw .damaged(
                LogDamage(
                    segment: header.number, offset: 0,
                    reason: .recordsMissing(next: start.lsn, durable: header.firstLSN, found: nil)))
        }
        guard let link = header.predecessor else {
            if let damage = segment.checkFirst() { throw .damaged(damage) }
            if !rows.isEmpty { throw broken("predecessor") }
            return
        }
        guard let row = rows.last else { return }
        guard row.nextLSN <= header.firstLSN else { throw broken("firstLSN") }
        // One that was dropped says nothing any more.
        guard row.number == link.number else { return }
        guard row.nextLSN == header.firstLSN else { throw broken("firstLSN") }
        guard Int(truncatingIfNeeded: link.endOffset) == row.end else { throw broken("endOffset") }
        guard link.lastFrameCRC == row.lastFrameCRC else { throw broken("lastFrameCRC") }
    }

    /// Checks that the log reaches to the place that was durable when the snapshot was made.
    func checkEnd(_ outcome: Outcome, newest: UInt64) throws(LogError) {
        guard let start else { return }
        let durable = max(start.durable, start.lsn)
        guard outcome.nextLSN < durable else { return }
        throw .damaged(
            LogDamage(
                segment: newest, offset: Int(outcome.predecessor?.endOffset ?? 0),
                reason: .recordsMissing(next: outcome.nextLSN, durable: durable, found: nil)))
    }

    private static func missing(_ segment: UInt64) -> LogError {
        .damaged(LogDamage(segment: segment, offset: 0, reason: .missing))
    }
}

extension SegmentList.Entry {
    /// Of a segment that is not read: without marks, which its footer has.
    init(_ row: SealedSegment) {
        self.init(
            number: row.number, firstLSN: row.firstLSN, nextLSN: row.nextLSN, end: row.end,
            lastFrameCRC: row.lastFrameCRC)
    }
}
