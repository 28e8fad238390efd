/// Reads a log from its first segment, or from where a snapshot says, to where it ends, and decides where that is.
/// Changes nothing.
///
/// ``SegmentVerdict`` has the rules; the first damage ends it.
struct LogRecovery {
    let directory: LogDirectory
    let fileSystem: any LogFileSystem
    /// Nil: the log's first record.
    var start: LogStart?
    /// What of the frames is read.
    var parts = FrameParts.bodies

    /// What was found.
    struct Outcome {
        var logID: LogID?
        var segments: [SegmentList.Entry] = []
        /// The number of the segment that the opening makes, and the end of the one before it; nil for a log's first.
        ///
        /// A newest segment without a record is made anew under its own name. So openings without appends leave no trail
        /// of empty segments; and after a rollover failed because the directory could not be synced, the name that the
        /// cache shows and the disk may never have got is written again.
        var nextNumber: UInt64 = 1
        var predecessor: SegmentHeader.Predecessor?
        var nextLSN = LSN.first
        /// Bytes of frames in all segments.
        var frameBytes = 0
        /// Where bytes that were never acknowledged were dropped.
        var tornTail: LogDamage?
    }

    /// - Parameter recovered: Is given each record.
    /// - Throws: ``LogError/damaged(_:)``, ``LogError/newerVersion(segment:version:supported:)``, and
    ///   ``LogError/storage(_:)`` when the device refuses to read: that is not the end of the log.
    func run(_ recovered: (LogRecord) -> Void) throws(LogError) -> Outcome {
        try walk { $0.frame.forEachRecord(recovered) }
    }

    /// The same for those who go by the frames.
    func walk(_ recovered: (LocatedFrame) -> Void) throws(LogError) -> Outcome {
        let numbers = try walkedSegments()
        let rows = start?.sealed.filter { $0.number < numbers[0] } ?? []
        try checkSealed(rows)
        var outcome = Outcome()
        outcome.segments = rows.map { SegmentList.Entry($0) }
        outcome.frameBytes = rows.reduce(0) { $0 + $1.end - SegmentHeader.encodedByteCount }
        guard let first = numbers.first else { return outcome }
        var current = try open(first)
        if start == nil { try refuse(current.checkFirst()) } else { try checkBeginning(current, after: rows) }
        outcome.logID = current.header.logID
        for number in numbers.dropFirst() {
            let successor = try open(number)
            if successor.header.logID != current.header.logID {
                throw .damaged(successor.headerDamage(.foreignLog))
            }
            try readSealed(current, successor: successor.header, &outcome, recovered)
            current = successor
        }
        try readNewest(current, &outcome, recovered)
        try checkEnd(outcome, newest: current.header.number)
        return outcome
    }

    private func open(_ number: UInt64) throws(LogError) -> SegmentReading {
        // The newest one is synced before it is believed.
        let isNewest = number == directory.segments.last
        return try SegmentReading(number, in: directory, fileSystem, isNewest ? .readWrite : .read)
    }

    private func refuse(_ damage: LogDamage?) throws(LogError) {
        if let damage { throw .damaged(damage) }
    }

    private func readSealed(
        _ segment: SegmentReading, successor: SegmentHeader, _ outcome: inout Outcome,
        _ recovered: (LocatedFrame) -> Void
    ) throws(LogError) {
        let end = successor.endOfPredecessor(segment.header)
        try refuse(segment.checkSize(expected: end))
        var walk = SegmentWalk(FrameScanner(segment.file, header: segment.header, end: end, reading: parts))
        let verdict = try walk.judge(successor: successor, recovered)
        try outcome.take(walk, verdict)
    }

    private func readNewest(
        _ segment: SegmentReading, _ outcome: inout Outcome, _ recovered: (LocatedFrame) -> Void
    ) throws(LogError) {
        // What a killed process wrote and did not sync is in the cache alone: it must be on the disk before it is
        // shown to anyone. What a failed sync dropped is in the cache alone too, and reading the device tells.
        do throws(FileSystemError) { try segment.file.sync() } catch { throw .storage(error) }
        let header = segment.header
        try refuse(segment.checkSize(expected: header.byteCount))
        var walk = SegmentWalk(
            FrameScanner(
                segment.file, header: header, end: header.byteCount, reading: parts, readsDevice: true))
        let verdict = try walk.judgeNewest(recovered)
        try outcome.take(walk, verdict)
        if outcome.nextLSN == header.firstLSN {
            outcome.segments.removeLast()
            outcome.nextNumber = header.number
            outcome.predecessor = header.predecessor
        }
    }
}

extension LogRecovery.Outcome {
    /// Goes on behind a segment that is whole.
    fileprivate mutating func take(_ walk: SegmentWalk, _ verdict: SegmentVerdict) throws(LogError) {
        switch verdict {
        case .damaged(let damage): throw .damaged(damage)
        case .whole(let torn): tornTail = torn
        }
        segments.append(walk.entry)
        nextLSN = walk.entry.nextLSN
        frameBytes += walk.wholeEnd - SegmentHeader.encodedByteCount
        nextNumber = walk.entry.number + 1
        predecessor = SegmentHeader.Predecessor(
            number: walk.entry.number, endOffset: UInt64(walk.wholeEnd), lastLSN: nextLSN.rawValue - 1,
            lastFrameCRC: walk.wholeFrameCRC)
    }
}

extension SegmentHeader {
    /// Where the frames of the segment before this one end; all of it when this header does not say.
    func endOfPredecessor(_ header: SegmentHeader) -> Int {
        predecessor.map { min(Int($0.endOffset), header.byteCount) } ?? header.byteCount
    }
}
