import Synchronization

/// Reads records in the order of LSN, from segments that may still be written. Blocks; one thread at a time.
package struct LogReader {
    private let state: LogState
    /// The LSN of the record that comes next.
    private var nextLSN: LSN
    private var segment: Segment?
    private var frame: Frame?
    /// Within `frame`: the record that comes next, and where its body starts.
    private var recordIndex = 0
    private var bodyStart = 0

    private struct Segment {
        var index: Int
        var file: LogFileHandle
        var scanner: FrameScanner
        var offset: Int
    }

    init(_ state: LogState, from lsn: LSN) {
        self.state = state
        self.nextLSN = max(lsn, .first)
    }

    /// The next acknowledged record; nil when there is none yet. More may come later.
    ///
    /// - Throws: ``LogError/damaged(_:)``, ``LogError/storage(_:)``. The next call tries the same record again.
    package mutating func next() throws(LogError) -> LogRecord? {
        while true {
            if let record = nextOfFrame() { return record }
            guard try loadFrame() else { return nil }
        }
    }

    private mutating func nextOfFrame() -> LogRecord? {
        guard let frame else { return nil }
        while recordIndex < frame.entries.count {
            let lsn = frame.header.firstLSN.advanced(by: recordIndex)
            let entry = frame.entries[recordIndex]
            defer {
                recordIndex += 1
                bodyStart += entry.length
            }
            guard lsn == nextLSN else { continue }
            nextLSN = lsn.advanced(by: 1)
            if entry.isLost { continue }
            return LogRecord(
                lsn: lsn, execution: entry.execution, sequence: entry.sequence, kind: entry.kind, time: entry.time,
                body: Array(frame.bodies[bodyStart..<bodyStart + entry.length]))
        }
        self.frame = nil
        return nil
    }

    /// Loads the frame that holds the next record, going on to the next segment where one ends.
    private mutating func loadFrame() throws(LogError) -> Bool {
        while true {
            let (target, current) = (nextLSN, segment?.index)
            let (index, entry) = state.content.withLock { content in
                let index = current ?? content.segments.index(of: target) ?? 0
                return (index, content.segments.entries[index])
            }
            guard nextLSN < entry.nextLSN else {
                // A segment that ended has a successor; the newest one may grow.
                let hasSuccessor = state.content.withLock { index + 1 < $0.segments.entries.count }
                guard hasSuccessor else { return false }
                try open(index + 1)
                continue
            }
            if segment == nil { try open(index) }
            if try scan(upTo: entry) { return true }
        }
    }

    private mutating func open(_ index: Int) throws(LogError) {
        let entry = state.content.withLock { $0.segments.entries[index] }
        let file: LogFileHandle
        do throws(FileSystemError) {
            file = LogFileHandle(try state.fileSystem.open(state.path(SegmentNames.segment(entry.number)), .read))
        } catch {
            throw .storage(error)
        }
        let header = try SegmentHeader.read(file.file, number: entry.number)
        segment = Segment(
            index: index, file: file, scanner: FrameScanner(file.file, header: header, end: entry.end),
            offset: entry.offset(atOrBefore: nextLSN, headerEnd: SegmentHeader.encodedByteCount))
    }

    /// - Returns: False: the frame at the place holds no record that is wanted; the place has moved on.
    private mutating func scan(upTo entry: SegmentList.Entry) throws(LogError) -> Bool {
        guard var segment else { return false }
        self.segment = nil
        defer { self.segment = segment }
        segment.scanner.end = entry.end
        func damage(_ reason: LogDamage.Reason) -> LogError {
            .damaged(LogDamage(segment: entry.number, offset: segment.offset, reason: reason))
        }
        let result: Result<Frame, FrameError>
        do throws(FileSystemError) {
            if let header = try segment.scanner.soundHeader(at: segment.offset), header.endLSN <= nextLSN {
                segment.offset += header.byteCount(at: segment.offset)
                return false
            }
            result = try segment.scanner.frame(at: segment.offset)
        } catch {
            throw .storage(error)
        }
        switch result {
        case .failure(let error):
            throw damage(.frame(error))
        case .success(let frame):
            guard frame.header.firstLSN <= nextLSN else { throw damage(.frameOutOfPlace(field: "firstLSN")) }
            segment.offset += frame.byteCount
            self.frame = frame
            recordIndex = 0
            bodyStart = 0
            return true
        }
    }
}

/// Closes the file with the last reference to it.
final class LogFileHandle: Sendable {
    let file: any LogFile

    init(_ file: any LogFile) {
        self.file = file
    }

    deinit { file.close() }
}

extension SegmentedLog {
    /// Reads from the record `lsn` on. Only acknowledged records are seen; whoever needs others waits for them first.
    package func read(from lsn: LSN) -> LogReader {
        LogReader(state, from: lsn)
    }

    /// Reads one record. Blocks: up to 256 KiB of frames are walked over.
    ///
    /// - Throws: ``LogError/noSuchRecord(_:)`` when it is not acknowledged, or no record at all.
    package func record(at lsn: LSN) throws(LogError) -> LogRecord {
        var reader = LogReader(state, from: lsn)
        guard let record = try reader.next(), record.lsn == lsn else { throw .noSuchRecord(lsn) }
        return record
    }
}
