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
            let isNew = frame.entries.contains { $0.number == number && $0.isBeginning }
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
            content.bytes[snapshot.location.file, default: FileBytes()].total += snapshot.byteCount
            content.change(number) { $0.take(snapshot) }
        }
    }

    /// Whether the index may know names that are not in memory.
    var mayHaveNames: Bool { content.withLock { !$0.runs.readers.isEmpty || !$0.changes.names.isEmpty } }
}

extension ExecutionIndex.Content {
    /// Changes the entry of an execution that is among the changes, and with it what is needed of the files.
    mutating func change(_ number: ExecutionNumber, _ body: (inout IndexEntry) -> Void) {
        guard changes[number]?.entry != nil else { return }
        account(number, -1)
        changes.change(number, body)
        account(number, 1)
    }

    /// The same, and begins an entry where there is none.
    private mutating func update(_ number: ExecutionNumber, _ body: (inout IndexEntry) -> Void) {
        account(number, -1)
        changes.update(number, body)
        account(number, 1)
    }

    private mutating func account(_ number: ExecutionNumber, _ sign: Int) {
        guard let entry = changes[number]?.entry else { return }
        // While files are read in any order nobody knows yet whether others have events of one that is gone.
        if isRebuilding, entry.standing == .dropped { return }
        entry.forEachNeed { file, byteCount in bytes[file]?.live += sign * byteCount }
    }

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
                change(event.number) { $0.addShare(of: event, in: frame.file) }
                return
            }
            if event.kind == EventKind.historyTrimmed.rawValue {
                return update(event.number) { $0.note(event, in: frame) }
            }
            // Most events by far: nothing but their own bytes is needed more than before.
            changes.update(event.number) { $0.note(event, in: frame) }
            let isTrimmed = changes[event.number]?.entry?.isTrimmed ?? false
            if !isTrimmed || event.outlivesHistory { bytes[frame.file]?.live += byteCount }
        }
    }

    /// The newest snapshot counts, and of copies of one the first that is met.
    private mutating func takeSnapshotRecord(_ record: RecordBatch.Entry, in frame: FrameLocation) {
        bytes[frame.file, default: FileBytes()].total += record.length
        update(record.number) { entry in
            guard entry.standing != .dropped else { return }
            if let known = entry.snapshot, known.sequence == record.sequence {
                guard known.location.file == frame.file else { return }
                entry.snapshot?.recordCount += 1
                entry.snapshot?.byteCount += record.length
            } else if record.sequence > entry.snapshot?.sequence ?? 0 {
                entry.sequence = max(entry.sequence, record.sequence)
                entry.snapshot = IndexEntry.Snapshot(
                    location: frame, sequence: record.sequence, recordCount: 1, byteCount: record.length)
            }
        }
    }

    /// Nothing of the execution is needed any more but, where other files have events of it, the record that says so.
    private mutating func drop(_ record: RecordBatch.Entry, in frame: FrameLocation) {
        if let entry = changes[record.number]?.entry, entry.standing == .dropped { return }
        update(record.number) { $0.drop(by: record, in: frame) }
        if !isRebuilding { removeUnlessNeeded(record.number) }
    }

    /// Ends a rebuilding: what is kept of executions that are gone is what is needed.
    mutating func endRebuilding() {
        guard isRebuilding else { return }
        isRebuilding = false
        // A snapshot is never needed without the events, and may outlast them and the record that the execution is gone.
        for (number, change) in changes.changes {
            guard let entry = change.entry, entry.shares.isEmpty, entry.standing != .dropped else { continue }
            account(number, -1)
            changes.remove(number)
        }
        for (number, change) in changes.changes where change.entry?.standing == .dropped {
            account(number, 1)
            removeUnlessNeeded(number)
        }
    }

    /// Forgets an execution that is gone once no file has events of it but the one that says so.
    mutating func removeUnlessNeeded(_ number: ExecutionNumber) {
        guard let entry = changes[number]?.entry, entry.standing == .dropped, !entry.needsTombstone else { return }
        changes.remove(number)
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
