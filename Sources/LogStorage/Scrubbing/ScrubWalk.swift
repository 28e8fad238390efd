/// Reads one sealed segment again, a part at a time, past the page cache.
struct ScrubWalk: Sendable {
    private enum Stage: Sendable {
        case unopened
        case open(LogFileHandle, SegmentWalk, successor: SegmentHeader)
        case over
    }

    private let number: UInt64
    private let directory: LogDirectory
    private let fileSystem: any LogFileSystem
    private var stage = Stage.unopened

    struct Result {
        var byteCount = 0
        var findings: [ScrubFinding] = []
        var isDone = false
    }

    init(_ number: UInt64, in directory: LogDirectory, _ fileSystem: any LogFileSystem) {
        self.number = number
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Reads `byteCount` bytes, a frame more or less.
    mutating func step(byteCount: Int) -> Result {
        var result = Result()
        var offset = 0
        do throws(LogError) {
            switch stage {
            case .over: result.isDone = true
            case .unopened: try open(&result)
            case .open(let handle, var walk, let successor):
                offset = walk.offset
                let stop = try walk.run(until: offset + byteCount) { _ in }
                result.byteCount = walk.offset - offset
                stage = .open(handle, walk, successor: successor)
                try note(stop, &walk, successor, &result)
                if !result.isDone { stage = .open(handle, walk, successor: successor) }
            }
        } catch {
            finish(error, at: offset, &result)
        }
        if result.isDone { stage = .over }
        return result
    }

    private mutating func open(_ result: inout Result) throws(LogError) {
        let segment = try SegmentReading(number, in: directory, fileSystem)
        let successor = try SegmentReading(number + 1, in: directory, fileSystem).header
        let end = successor.endOfPredecessor(segment.header)
        if let damage = try segment.checkSize(expected: end) { result.findings.append(.damage(damage)) }
        let scanner = FrameScanner(segment.file, header: segment.header, end: end, readsDevice: true)
        stage = .open(segment.handle, SegmentWalk(scanner), successor: successor)
        result.byteCount = SegmentHeader.encodedByteCount
    }

    private func note(
        _ stop: LogDamage?, _ walk: inout SegmentWalk, _ successor: SegmentHeader, _ result: inout Result
    ) throws(LogError) {
        if let stop {
            result.findings.append(.damage(stop))
            result.isDone = try !walk.resume()
            return
        }
        guard walk.isAtEnd else { return }
        result.isDone = true
        // Past a damage the chain says nothing new of the end.
        guard case .damaged(let damage) = try walk.judge(successor: successor, { _ in }) else { return }
        result.findings.append(.damage(damage))
    }

    private func finish(_ error: LogError, at offset: Int, _ result: inout Result) {
        result.isDone = true
        switch error {
        case .damaged(let damage): result.findings.append(.damage(damage))
        case .storage(let cause):
            // Compaction has taken it away.
            if cause.reason == .notFound { return }
            result.findings.append(.unreadable(segment: number, offset: offset, cause))
        default:
            // A newer build wrote a part of it: what this one does not know it does not judge.
            break
        }
    }
}
