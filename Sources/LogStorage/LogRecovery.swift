/// Reads a log from its first segment to where it ends, and decides where that is. Changes nothing.
///
/// With D the greatest durable LSN that a header or a sound frame of the newest segment states, and F the first LSN that
/// cannot be read: F < D is damage, F ≥ D a torn tail, which was never acknowledged. In every other segment the successor
/// says where the frames end, and anything wrong before that is damage. SPEC.md §1.10 is the table.
struct LogRecovery {
    let directory: LogDirectory
    let fileSystem: any LogFileSystem
    let recovered: (LogRecord) -> Void

    /// What was found.
    struct Outcome {
        var logID: LogID?
        var segments: [SegmentList.Entry] = []
        /// Of the newest segment; nil for an empty directory.
        var newest: SegmentHeader.Predecessor?
        var nextLSN = LSN.first
        /// Bytes of frames in all segments.
        var frameBytes = 0
        /// Where bytes that were never acknowledged were dropped.
        var tornTail: LogDamage?
    }

    /// - Throws: ``LogError/damaged(_:)``, ``LogError/newerVersion(segment:version:supported:)``, and
    ///   ``LogError/storage(_:)`` when the device refuses to read: that is not the end of the log.
    func run() throws(LogError) -> Outcome {
        if let missing = directory.missing {
            throw .damaged(LogDamage(segment: missing, offset: 0, reason: .missing))
        }
        var outcome = Outcome()
        guard let first = directory.segments.first else { return outcome }
        var current = try open(first)
        try checkFirst(current.header)
        outcome.logID = current.header.logID
        for number in directory.segments.dropFirst() {
            let successor = try open(number)
            guard successor.header.logID == current.header.logID else {
                throw .damaged(LogDamage(segment: number, offset: 0, reason: .foreignLog))
            }
            try readSealed(current, successor: successor.header, &outcome)
            current = successor
        }
        try readNewest(current, &outcome)
        return outcome
    }

    private struct Segment {
        let header: SegmentHeader
        let handle: LogFileHandle
        var file: any LogFile { handle.file }
    }

    private func open(_ number: UInt64) throws(LogError) -> Segment {
        let handle: LogFileHandle
        do throws(FileSystemError) {
            // The newest one is synced before it is believed.
            let isNewest = number == directory.segments.last
            handle = LogFileHandle(
                try fileSystem.open(directory.path(ofSegment: number), isNewest ? .readWrite : .read))
        } catch {
            throw .storage(error)
        }
        return Segment(header: try SegmentHeader.read(handle.file, number: number), handle: handle)
    }

    private func checkFirst(_ header: SegmentHeader) throws(LogError) {
        guard header.predecessor == nil, header.firstLSN == .first else {
            let field = header.predecessor == nil ? "firstLSN" : "predecessor"
            throw .damaged(LogDamage(segment: header.number, offset: 0, reason: .chainBroken(field: field)))
        }
    }

    // MARK: - A segment with a successor

    private func readSealed(
        _ segment: Segment, successor: SegmentHeader, _ outcome: inout Outcome
    ) throws(LogError) {
        func broken(_ field: String) -> LogError {
            .damaged(LogDamage(segment: successor.number, offset: 0, reason: .chainBroken(field: field)))
        }
        guard let link = successor.predecessor, link.number == segment.header.number else { throw broken("number") }
        let end = Int(link.endOffset)
        guard end <= segment.header.byteCount else { throw broken("endOffset") }
        try checkSize(segment, expected: end)
        var walk = SegmentWalk(FrameScanner(segment.file, header: segment.header, end: end), recovered: recovered)
        let stop = try walk.run()
        if let stop { throw .damaged(stop) }
        guard walk.wholeEnd == end, walk.chain.openGroup == nil else {
            throw .damaged(
                LogDamage(
                    segment: segment.header.number, offset: walk.wholeEnd,
                    reason: .recordsMissing(next: walk.chain.wholeLSN, durable: successor.firstLSN)))
        }
        guard link.lastLSN == walk.chain.nextLSN.rawValue - 1 else { throw broken("lastLSN") }
        guard link.lastFrameCRC == walk.chain.lastFrameCRC else { throw broken("lastFrameCRC") }
        outcome.take(walk)
    }

    private func checkSize(_ segment: Segment, expected: Int) throws(LogError) {
        let size: Int
        do throws(FileSystemError) { size = try segment.file.size() } catch { throw .storage(error) }
        guard size >= expected else {
            throw .damaged(
                LogDamage(
                    segment: segment.header.number, offset: size,
                    reason: .fileTooShort(size: size, expected: expected)))
        }
    }

    // MARK: - The newest segment

    private func readNewest(_ segment: Segment, _ outcome: inout Outcome) throws(LogError) {
        // What a killed process wrote and did not sync is in the cache alone: it must be on the disk before it is
        // shown to anyone. What a failed sync dropped is in the cache alone too, and reading the device tells.
        do throws(FileSystemError) { try segment.file.sync() } catch { throw .storage(error) }
        let header = segment.header
        try checkSize(segment, expected: header.byteCount)
        let scanner = FrameScanner(segment.file, header: header, end: header.byteCount, readsDevice: true)
        var walk = SegmentWalk(scanner, recovered: recovered)
        let stop = try walk.run()
        if let stop {
            guard case .frame(let error) = stop.reason, error.canBeTornWrite else { throw .damaged(stop) }
            let (durable, hasMore) = try walk.durableAfterStop()
            if walk.chain.wholeLSN < durable {
                throw .damaged(
                    LogDamage(
                        segment: header.number, offset: walk.offset,
                        reason: .recordsMissing(next: walk.chain.wholeLSN, durable: durable)))
            }
            if hasMore || walk.chain.openGroup != nil || error != .wrongMagic(0) {
                outcome.tornTail = LogDamage(
                    segment: header.number, offset: walk.wholeEnd, reason: stop.reason)
            }
        }
        outcome.take(walk)
    }
}

extension LogRecovery.Outcome {
    /// Takes over what a walk found to be whole.
    fileprivate mutating func take(_ walk: SegmentWalk) {
        segments.append(walk.entry)
        nextLSN = walk.entry.nextLSN
        frameBytes += walk.wholeEnd - SegmentHeader.encodedByteCount
        newest = SegmentHeader.Predecessor(
            number: walk.entry.number, endOffset: UInt64(walk.wholeEnd), lastLSN: nextLSN.rawValue - 1,
            lastFrameCRC: walk.wholeFrameCRC)
    }
}
