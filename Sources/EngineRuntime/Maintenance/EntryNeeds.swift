import ExecutionEngine
import ExecutionModel
import LogStorage

/// What an execution still needs of the files that a compaction drops: its events, or of a trimmed history those that outlive
/// it; its snapshot; and when it is gone, the record that says so.
struct EntryNeeds {
    typealias Record = (entry: RecordBatch.Entry, lsn: LSN, body: ArraySlice<UInt8>)

    private let entry: IndexEntry
    private(set) var snapshot: [Record] = []
    private var events: [Record] = []
    /// As ``IndexEntry/forEachNeed(_:)`` counts them.
    private var byteCounts: [LogFileID: Int] = [:]

    init(_ entry: IndexEntry) {
        self.entry = entry
    }

    var isEmpty: Bool { snapshot.isEmpty && events.isEmpty }

    /// Each once: a file that nobody listed may have left two copies.
    var eventsInOrder: [Record] {
        var last: UInt32 = 0
        return events.sorted { $0.entry.sequence < $1.entry.sequence }.filter { record in
            defer { last = record.entry.sequence }
            return record.entry.sequence != last
        }
    }

    mutating func take(_ frame: StoredFrame, of number: ExecutionNumber) {
        for place in frame.entries.indices where frame.entries[place].execution == number.rawValue {
            let record: Record = (frame.entries[place], frame.lsn(at: place), frame.body(at: place))
            if record.entry.kind >= SnapshotRecord.kindMin {
                takeSnapshot(record, in: frame.location.file)
            } else {
                takeEvent(record, in: frame.location.file)
            }
        }
    }

    private mutating func takeSnapshot(_ record: Record, in file: LogFileID) {
        guard let known = entry.snapshot, known.location.file == file, known.sequence == record.entry.sequence else {
            return
        }
        snapshot.append(record)
        byteCounts[file, default: 0] += record.entry.length
    }

    private mutating func takeEvent(_ record: Record, in file: LogFileID) {
        if entry.standing == .dropped {
            guard record.entry.sequence == entry.sequence, entry.tail.last?.file == file else { return }
            byteCounts[file, default: 0] += IndexEntry.tombstoneByteCount
        } else {
            if entry.isTrimmed, !record.entry.outlivesHistory { return }
            byteCounts[file, default: 0] += IndexEntry.recordByteCount(of: record.entry)
        }
        events.append(record)
    }

    /// What was found in each of the files.
    ///
    /// - Throws: ``RuntimeError/unreadableExecution(_:missing:)`` when it is not what the index says: nothing that is needed is
    ///   dropped because a footer does not lead to it.
    func found(in files: [LogFileID], of number: ExecutionNumber) throws(RuntimeError) -> [LogFileID: Int] {
        var expected: [LogFileID: Int] = [:]
        entry.forEachNeed { file, byteCount in
            if byteCount > 0, files.contains(file) { expected[file, default: 0] += byteCount }
        }
        guard expected == byteCounts else { throw .unreadableExecution(number, missing: nil) }
        return byteCounts
    }
}
