/// A frame and where it starts.
package struct LocatedFrame: Sendable {
    package var segment: UInt64
    /// Bytes from the start of the segment's file.
    package var offset: Int
    package var frame: Frame
}

/// Walks over a segment's frames, hands on those of every whole group, and stops at the first that is none.
struct SegmentWalk {
    private(set) var chain: FrameChain
    /// Where the next frame should be.
    private(set) var offset = SegmentHeader.encodedByteCount
    /// Where the last whole group ends, and the header CRC of its last frame.
    private(set) var wholeEnd = SegmentHeader.encodedByteCount
    private(set) var wholeFrameCRC: UInt32
    /// The segment for the readers.
    private(set) var entry: SegmentList.Entry

    private var scanner: FrameScanner
    private var group: [LocatedFrame] = []

    init(_ scanner: FrameScanner) {
        self.scanner = scanner
        chain = FrameChain(scanner.header)
        wholeFrameCRC = chain.lastFrameCRC
        entry = SegmentList.Entry(
            number: scanner.header.number, firstLSN: scanner.header.firstLSN, nextLSN: scanner.header.firstLSN,
            end: SegmentHeader.encodedByteCount, lastFrameCRC: chain.lastFrameCRC)
    }

    /// Walks on from ``offset``. After a stop it looks at the same place again, which a writer may have filled.
    ///
    /// - Parameters:
    ///   - limit: No frame is begun at or behind it.
    ///   - take: Is given the frames of whole groups.
    /// - Returns: Where it stopped before the scanner's end, and why; nil when no byte is left for a frame.
    mutating func run(until limit: Int = .max, _ take: (LocatedFrame) -> Void) throws(LogError) -> LogDamage? {
        while offset < min(scanner.end, limit) {
            let frame: Frame
            switch try scan() {
            case .success(let next):
                frame = next
            case .failure(let error):
                if error.isFromNewerBuild {
                    throw .newerVersion(segment: entry.number, version: nil, supported: FormatLimits.version)
                }
                scanner.forget()
                return damage(.frame(error))
            }
            if let field = chain.take(frame.header) { return damage(.frameOutOfPlace(field: field)) }
            group.append(LocatedFrame(segment: entry.number, offset: offset, frame: frame))
            offset += frame.byteCount
            if frame.header.isLastOfGroup { finishGroup(take) }
        }
        return nil
    }

    /// Whether no byte is left for a frame.
    var isAtEnd: Bool { offset >= scanner.end }

    /// The greatest durable LSN stated anywhere in the segment, after a stop: sound frames behind the stop count too.
    ///
    /// - Returns: Also whether there are any.
    mutating func durableAfterStop() throws(LogError) -> (LSN, hasMore: Bool) {
        var durable = chain.durable
        var hasMore = false
        var position = offset
        while let (next, header) = try soundHeader(after: position) {
            durable = max(durable, header.durableLSN)
            hasMore = true
            position = next
        }
        return (durable, hasMore)
    }

    /// Leaves what cannot be read and goes on at the next frame whose header checks: to find the extent of a damage.
    ///
    /// - Returns: False when there is none.
    mutating func resume() throws(LogError) -> Bool {
        var position = offset
        while let (next, header) = try soundHeader(after: position) {
            position = next
            // From the middle of a group nothing whole can be had.
            guard header.groupIndex == 0 else { continue }
            group.removeAll()
            offset = next
            chain.resume(at: header)
            return true
        }
        return false
    }

    func damage(_ reason: LogDamage.Reason) -> LogDamage {
        LogDamage(segment: entry.number, offset: offset, reason: reason, sort: scanner.header.file.sort)
    }

    // MARK: -

    private mutating func scan() throws(LogError) -> Result<Frame, FrameError> {
        do throws(FileSystemError) { return try scanner.frame(at: offset) } catch { throw .storage(error) }
    }

    private mutating func soundHeader(after offset: Int) throws(LogError) -> (Int, FrameHeader)? {
        do throws(FileSystemError) {
            var position = offset
            while let next = try scanner.nextMagic(after: position) {
                if let header = try scanner.soundHeader(at: next) { return (next, header) }
                position = next
            }
            return nil
        } catch {
            throw .storage(error)
        }
    }

    private mutating func finishGroup(_ take: (LocatedFrame) -> Void) {
        if let first = group.first?.frame.header, first.flags.isDisjoint(with: [.syncPoint, .rewritten]) {
            entry.note(first.firstLSN, at: wholeEnd)
        }
        for frame in group { take(frame) }
        group.removeAll(keepingCapacity: true)
        wholeEnd = offset
        wholeFrameCRC = chain.lastFrameCRC
        entry.nextLSN = chain.nextLSN
        entry.end = offset
        entry.lastFrameCRC = wholeFrameCRC
    }
}

extension Frame {
    /// The LSN of the entry at `index`.
    package func lsn(at index: Int) -> LSN {
        lsns.map { $0[index] } ?? header.firstLSN.advanced(by: index)
    }

    /// Every record, in the order of LSN. Placeholders for lost ones are none.
    package func forEachRecord<Failure: Error>(_ body: (LogRecord) throws(Failure) -> Void) throws(Failure) {
        var start = 0
        for (index, entry) in entries.enumerated() where !entry.isLost {
            try body(
                LogRecord(
                    lsn: lsn(at: index), execution: entry.execution, sequence: entry.sequence,
                    kind: entry.kind, time: entry.time, body: Array(bodies[start..<start + entry.length])))
            start += entry.length
        }
    }
}
