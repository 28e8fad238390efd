/// Walks over a segment's frames, hands on the records of every whole group, and stops at the first frame that is none.
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
    private let recovered: (LogRecord) -> Void
    private var group: [Frame] = []

    init(_ scanner: FrameScanner, recovered: @escaping (LogRecord) -> Void) {
        self.scanner = scanner
        self.recovered = recovered
        chain = FrameChain(scanner.header)
        wholeFrameCRC = chain.lastFrameCRC
        entry = SegmentList.Entry(
            number: scanner.header.number, firstLSN: scanner.header.firstLSN, nextLSN: scanner.header.firstLSN,
            end: SegmentHeader.encodedByteCount)
    }

    /// - Returns: Where it stopped before the scanner's end, and why; nil when no byte is left for a frame.
    mutating func run() throws(LogError) -> LogDamage? {
        while offset < scanner.end {
            let frame: Frame
            switch try scan() {
            case .success(let next): frame = next
            case .failure(let error):
                if error.isFromNewerBuild {
                    throw .newerVersion(
                        segment: entry.number, version: FormatLimits.version + 1, supported: FormatLimits.version)
                }
                return LogDamage(segment: entry.number, offset: offset, reason: .frame(error))
            }
            if let field = chain.take(frame.header) {
                return LogDamage(segment: entry.number, offset: offset, reason: .frameOutOfPlace(field: field))
            }
            group.append(frame)
            offset += frame.byteCount
            if frame.header.isLastOfGroup { finishGroup() }
        }
        return nil
    }

    /// The greatest durable LSN stated anywhere in the segment, after a stop: sound frames behind the stop count too.
    ///
    /// - Returns: Also whether there are any.
    mutating func durableAfterStop() throws(LogError) -> (LSN, hasMore: Bool) {
        var durable = chain.durable
        var hasMore = false
        var position = offset
        do throws(FileSystemError) {
            while let next = try scanner.nextMagic(after: position) {
                position = next
                guard let header = try scanner.soundHeader(at: next) else { continue }
                durable = max(durable, header.durableLSN)
                hasMore = true
            }
        } catch {
            throw .storage(error)
        }
        return (durable, hasMore)
    }

    private mutating func scan() throws(LogError) -> Result<Frame, FrameError> {
        do throws(FileSystemError) { return try scanner.frame(at: offset) } catch { throw .storage(error) }
    }

    private mutating func finishGroup() {
        if let first = group.first, !first.header.isSyncPoint { entry.note(first.header.firstLSN, at: wholeEnd) }
        for frame in group {
            frame.forEachRecord(recovered)
        }
        group.removeAll(keepingCapacity: true)
        wholeEnd = offset
        wholeFrameCRC = chain.lastFrameCRC
        entry.nextLSN = chain.nextLSN
        entry.end = offset
    }
}

extension Frame {
    func forEachRecord(_ body: (LogRecord) -> Void) {
        var start = 0
        for (index, entry) in entries.enumerated() {
            body(
                LogRecord(
                    lsn: header.firstLSN.advanced(by: index), execution: entry.execution, sequence: entry.sequence,
                    kind: entry.kind, time: entry.time, body: Array(bodies[start..<start + entry.length])))
            start += entry.length
        }
    }
}
