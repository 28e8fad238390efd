import ExecutionEngine
import ExecutionModel
import LogStorage

/// Where the log keeps one execution: all that is needed to have it back in memory, and to know when.
///
/// Its state is what the snapshot holds, and then the events in the frames of ``tail``. SPEC.md, "The index".
package struct IndexEntry: Equatable, Sendable {
    /// What an execution that is not in memory needs.
    enum Standing: UInt8, Sendable {
        /// To be looked at when the engine opens: an invocation was in flight, or one should start.
        case attention = 0
        /// Nothing before ``IndexEntry/due``, or before somebody asks.
        case waiting = 1
        /// It has ended, and is kept until ``IndexEntry/due``.
        case closed = 2
        /// It is gone. The entry stays while files hold events of it, so that they are known to be dead, and for as long as the
        /// record that says so, in ``IndexEntry/tail``, is needed.
        case dropped = 3
    }

    struct Snapshot: Equatable, Sendable {
        var location: FrameLocation
        /// The last event that it covers.
        var sequence: UInt32
        /// Its records: the first is in the frame, the others in it and those behind it.
        var recordCount: Int
        var byteCount: Int
    }

    /// Bytes of an execution's records in one file, as ``recordByteCount(of:)`` counts them.
    struct Share: Equatable, Sendable {
        var file: LogFileID
        var byteCount: Int
        /// Those of them that outlive a trim of the history: ``EventKind/outlivesHistory``.
        var keptByteCount = 0
    }

    /// The last event that ``snapshot`` or ``tail`` has.
    var sequence: UInt32 = 0
    var snapshot: Snapshot?
    /// The event that trimmed the history; 0: it is whole.
    var trimSequence: UInt32 = 0
    /// The frames with events after the snapshot; without them where ``tailIsLong``.
    package var tail = FrameList()
    /// Whether the tail has more frames than are worth listing: they are found by the footers of ``shares``' files.
    var tailIsLong = false
    var tailEventCount = 0
    var tailByteCount = 0
    /// The files with its events, the oldest first.
    var shares: [Share] = []
    var standing = Standing.attention
    /// When something happens by itself. Known unless the standing is ``Standing/attention``.
    var due: Timestamp?
    /// ``NameHash`` of its function and name. Nil: not known yet.
    var nameHash: UInt64?

    /// What a record counts for in the accounting of a file's live bytes: its body, and its entry in the directory.
    static func recordByteCount(of entry: RecordBatch.Entry) -> Int {
        switch EventKind(rawValue: entry.kind) {
        // An entry of the index does not know how long the body is, and it counts the same dead or alive.
        case .executionDeleted, .retentionTrimmed: tombstoneByteCount
        default: entry.length + 8
        }
    }

    /// What the record counts for that an execution is gone.
    static let tombstoneByteCount = 8

    /// The execution is gone, as a record in the frame says.
    mutating func drop(by record: RecordBatch.Entry, in frame: FrameLocation) {
        sequence = record.sequence
        standing = .dropped
        due = nil
        snapshot = nil
        trimSequence = 0
        tail = FrameList()
        tail.append(frame)
        tailIsLong = false
        tailEventCount = 0
        tailByteCount = 0
    }

    /// Takes in an event of the execution.
    mutating func note(_ event: RecordBatch.Entry, in frame: FrameLocation) {
        sequence = max(sequence, event.sequence)
        if !tailIsLong { tail.append(frame) }
        if tail.count > Self.tailFrameCountMax {
            tail = FrameList()
            tailIsLong = true
        }
        tailEventCount += 1
        tailByteCount += event.length
        addShare(of: event, in: frame.file)
        if event.kind == EventKind.historyTrimmed.rawValue { trimSequence = event.sequence }
        // What the event makes of the execution is for its state to say.
        standing = .attention
        due = nil
    }

    /// Goes on from a snapshot that covers every event so far.
    mutating func take(_ snapshot: Snapshot) {
        self.snapshot = snapshot
        tail = FrameList()
        tailIsLong = false
        tailEventCount = 0
        tailByteCount = 0
    }

    mutating func addShare(of event: RecordBatch.Entry, in file: LogFileID) {
        let byteCount = Self.recordByteCount(of: event)
        add(Share(file: file, byteCount: byteCount, keptByteCount: event.outlivesHistory ? byteCount : 0))
    }

    mutating func add(_ share: Share) {
        if let index = shares.lastIndex(where: { $0.file == share.file }) {
            shares[index].byteCount += share.byteCount
            shares[index].keptByteCount += share.keptByteCount
        } else {
            shares.append(share)
        }
    }

    /// Whether of the events only those are needed that outlive a trim of the history: it was trimmed, and a snapshot has what
    /// the others made of the execution.
    var isTrimmed: Bool { trimSequence > 0 && snapshot?.sequence ?? 0 >= trimSequence }

    /// Whether the history was trimmed, and only a snapshot is missing for its events to be dead.
    var awaitsTrim: Bool { trimSequence > 0 && !isTrimmed }

    /// Whether it is time for a snapshot: once the tail is as long as what a snapshot saves, and at least as long as the last
    /// one was, so that snapshots never write more than the events did.
    package var wantsSnapshot: Bool {
        tailEventCount >= Self.tailEventCountMin && tailByteCount + tailEventCount * 8 >= snapshot?.byteCount ?? 0
            || tailByteCount >= max(Self.tailByteCountMin, snapshot?.byteCount ?? 0)
    }

    /// A list of that many frames still fits the value of a table.
    static let tailFrameCountMax = 4_096
    static let tailEventCountMin = 64
    static let tailByteCountMin = 16 << 10
}

extension RecordBatch.Entry {
    /// Whether the record is still its execution's after the history has been trimmed.
    var outlivesHistory: Bool { EventKind(rawValue: kind)?.outlivesHistory ?? false }

    /// Whether an execution begins with the record. The first event has the sequence 1, and so has a snapshot after it.
    var isBeginning: Bool { sequence == 1 && kind < SnapshotRecord.kindMin }
}
