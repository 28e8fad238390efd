import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension ExecutionIndex {
    /// Takes in a frame's directory. By the one thread that changes the index, in the order of LSN.
    func fold(_ frame: FrameOutline) throws(IndexError) {
        let (unknown, runs) = content.withLock { content in
            (frame.entries.filter { !$0.isLost }.map(\.number).filter { content.changes[$0] == nil }, content.runs)
        }
        var adopted: [ExecutionNumber: IndexEntry?] = [:]
        // Nothing but this thread changes what is not in memory, so it may be read without the lock.
        for number in unknown where adopted[number] == nil {
            let isNew = frame.entries.contains { $0.number == number && $0.sequence == 1 }
            adopted.updateValue(isNew || runs.readers.isEmpty ? nil : try Self.entry(number, in: runs), forKey: number)
        }
        content.withLock { content in
            for (number, entry) in adopted { content.changes.adopt(entry, number) }
            for entry in frame.entries where !entry.isLost { content.take(entry, in: frame.location) }
            content.byteCount += frame.byteCount
            if frame.lsns == nil { content.position = max(content.position, frame.header.endLSN) }
        }
    }

    /// Has the next table say again what the executions need.
    func touch(_ numbers: [ExecutionNumber]) throws(IndexError) {
        let (unknown, runs) = content.withLock { content in
            (numbers.filter { content.changes[$0] == nil }, content.runs)
        }
        for number in unknown {
            guard let entry = try Self.entry(number, in: runs) else { continue }
            content.withLock { $0.changes.adopt(entry, number) }
        }
    }

    /// Notes a snapshot of an execution that is among the changes.
    func note(_ snapshot: IndexEntry.Snapshot, of number: ExecutionNumber) {
        content.withLock { content in
            if let old = content.changes[number]?.entry?.snapshot {
                content.bytes[old.location.file]?.live -= old.byteCount
            }
            content.bytes[snapshot.location.file, default: FileBytes()].total += snapshot.byteCount
            content.bytes[snapshot.location.file]?.live += snapshot.byteCount
            content.changes.change(number) { $0.take(snapshot) }
        }
    }

    /// Whether the index may know names that are not in memory.
    var mayHaveNames: Bool { content.withLock { !$0.runs.readers.isEmpty || !$0.changes.names.isEmpty } }
}

extension ExecutionIndex.Content {
    fileprivate mutating func take(_ event: RecordBatch.Entry, in frame: FrameLocation) {
        if event.kind >= SnapshotRecord.kindMin { return takeSnapshotRecord(event, in: frame) }
        let byteCount = IndexEntry.recordByteCount(of: event)
        bytes[frame.file, default: FileBytes()].total += byteCount
        switch EventKind(rawValue: event.kind) {
        case .executionDeleted, .retentionTrimmed:
            drop(event, in: frame)
        default:
            if let entry = changes[event.number]?.entry, entry.standing == .dropped, event.sequence < entry.sequence {
                // Whoever reads all files meets the record that an execution is gone before some of its events.
                changes.change(event.number) { $0.addShare(byteCount, in: frame.file) }
                return
            }
            changes.update(event.number) { $0.note(event, in: frame) }
            bytes[frame.file]?.live += byteCount
        }
    }

    /// The newest snapshot counts, and of copies of one the first that is met.
    private mutating func takeSnapshotRecord(_ record: RecordBatch.Entry, in frame: FrameLocation) {
        bytes[frame.file, default: FileBytes()].total += record.length
        var replaced: IndexEntry.Snapshot?
        var isTaken = false
        changes.update(record.number) { entry in
            guard entry.standing != .dropped else { return }
            if let known = entry.snapshot, known.sequence == record.sequence {
                guard known.location.file == frame.file else { return }
                entry.snapshot?.recordCount += 1
                entry.snapshot?.byteCount += record.length
            } else if record.sequence > entry.snapshot?.sequence ?? 0 {
                replaced = entry.snapshot
                entry.sequence = max(entry.sequence, record.sequence)
                entry.snapshot = IndexEntry.Snapshot(
                    location: frame, sequence: record.sequence, recordCount: 1, byteCount: record.length)
            } else {
                return
            }
            isTaken = true
        }
        if isTaken { bytes[frame.file]?.live += record.length }
        if let replaced { bytes[replaced.location.file]?.live -= replaced.byteCount }
    }

    /// Nothing of the execution is needed any more but, where other files have events of it, the record that says so.
    private mutating func drop(_ record: RecordBatch.Entry, in frame: FrameLocation) {
        let entry = changes[record.number]?.entry
        if let entry {
            guard entry.standing != .dropped else { return }
            for share in entry.shares { bytes[share.file]?.live -= share.byteCount }
            if let snapshot = entry.snapshot { bytes[snapshot.location.file]?.live -= snapshot.byteCount }
        }
        changes.update(record.number) { $0.drop(by: record, in: frame) }
        if isRebuilding { return }
        if changes[record.number]?.entry?.needsTombstone ?? false {
            bytes[frame.file]?.live += IndexEntry.tombstoneByteCount
        } else {
            changes.remove(record.number)
        }
    }

    /// Ends a rebuilding: what is kept of executions that are gone is what is needed.
    mutating func endRebuilding() {
        guard isRebuilding else { return }
        isRebuilding = false
        // A snapshot is never needed without the events, and may outlast them and the record that the execution is gone.
        for (number, change) in changes.changes {
            guard let entry = change.entry, entry.shares.isEmpty, entry.standing != .dropped else { continue }
            if let snapshot = entry.snapshot { bytes[snapshot.location.file]?.live -= snapshot.byteCount }
            changes.remove(number)
        }
        for (number, change) in changes.changes where change.entry?.standing == .dropped {
            if let entry = change.entry, entry.needsTombstone, let place = entry.tail.last {
                bytes[place.file]?.live += IndexEntry.tombstoneByteCount
            } else {
                changes.remove(number)
            }
        }
    }
}

extension RecordBatch.Entry {
    fileprivate var number: ExecutionNumber { ExecutionNumber(execution) }
}

/// What a file's records come to, as ``IndexEntry/recordByteCount(of:)`` counts them.
struct FileBytes: Equatable, Sendable {
    var total = 0
    /// Those of them that an execution still needs.
    var live = 0
}
