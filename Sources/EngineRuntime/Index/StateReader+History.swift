import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension StateReader {
    /// Every event of an execution that the index has, in order; nil when it has no such execution.
    func history(of number: ExecutionNumber) throws(RuntimeError) -> [RecordedEvent]? {
        try retrying(number) { entry throws(ReadError) in
            // Without a snapshot the tail is the whole history.
            let isWhole = entry.snapshot == nil && !entry.tailIsLong
            let locations = isWhole ? entry.tail.locations : try locations(of: number, entry)
            return try events(of: number, in: locations, after: 0)
        }
    }

    /// The execution's record of this LSN, in whichever of its files it is; nil when the index knows none.
    func record(at lsn: LSN, of number: ExecutionNumber) throws(RuntimeError) -> LogRecord? {
        let record = try retrying(number) { entry throws(ReadError) -> LogRecord? in
            for location in try locations(of: number, entry) {
                let frame = try frame(at: location)
                let place = frame.entries.indices.first { place in
                    frame.lsn(at: place) == lsn && frame.entries[place].execution == number.rawValue
                        && frame.entries[place].kind < SnapshotRecord.kindMin
                }
                if let place { return frame.record(at: place) }
            }
            return nil
        }
        return record ?? nil
    }

    /// Has the index know the names of the executions that begin in these frames.
    func nameExecutions(in locations: [FrameLocation]) throws(RuntimeError) {
        for location in locations {
            let frame: StoredFrame
            do throws(ReadError) { frame = try self.frame(at: location) } catch { throw error.cause }
            for place in frame.entries.indices where frame.entries[place].isBeginning {
                let record = frame.record(at: place)
                guard case .executionStarted(let start) = try RecordedEvent(decoding: record).event else { continue }
                let hash = NameHash.of(function: start.function, name: start.name)
                index.content.withLock { $0.changes.name(ExecutionNumber(record.execution), hash) }
            }
        }
    }
}
