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
        var number: UInt64
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
            let (target, current) = (nextLSN, segment?.number)
            let (entry, successor) = state.content.withLock { content in
                let inHand = current.flatMap { content.segments.index(ofNumber: $0) }
                let index = inHand ?? content.segments.index(of: target) ?? 0
                let entry = content.segments.entries[index]
                return (entry, content.segments.entry(after: entry.number))
            }
            guard nextLSN < entry.nextLSN else {
                // A segment that ended has a successor; the newest one may grow.
                guard let successor else { return false }
                try open(successor)
                continue
            }
            if segment?.number != entry.number {
                try open(entry)
                // What was looked for may lie before it, dropped, and it may be empty itself.
                continue
            }
            if try scan(upTo: entry) { return true }
        }
    }

    private mutating func open(_ entry: SegmentList.Entry) throws(LogError) {
        // Records are missing in front of a segment alone: where others were dropped.
        nextLSN = max(nextLSN, entry.firstLSN)
        let reading = try SegmentReading(.append(entry.number), in: state.directory, state.fileSystem)
        segment = Segment(
            number: entry.number, file: reading.handle,
            scanner: FrameScanner(reading.file, header: reading.header, end: entry.end),
            offset: state.place(of: nextLSN, in: entry, reading))
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
