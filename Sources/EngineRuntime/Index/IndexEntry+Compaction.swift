import ExecutionModel
import LogStorage

/// What a compaction has copied of one execution out of one file.
struct MovedRecords: Sendable {
    struct Event: Sendable {
        var sequence: UInt32
        var location: FrameLocation
    }

    var source: LogFileID
    var target: LogFileID
    /// In the order of the execution's history.
    var events: [Event] = []
    /// Of the events, as ``IndexEntry/recordByteCount(of:)`` counts them.
    var byteCount = 0
    /// Where the first record of the snapshot is that the entry named.
    var snapshot: FrameLocation?
}

extension IndexEntry {
    /// Names the copies in place of what they were copied from.
    mutating func move(_ moved: MovedRecords) {
        shares.removeAll { $0.file == moved.source }
        if moved.byteCount > 0 { addShare(moved.byteCount, in: moved.target) }
        if let place = moved.snapshot, snapshot?.location.file == moved.source { snapshot?.location = place }
        guard !tailIsLong else { return }
        let covered = snapshot?.sequence ?? 0
        let copies = moved.events.filter { $0.sequence > covered }.map(\.location)
        let others = tail.locations.filter { $0.file != moved.source }
        guard others.count < tail.count || !copies.isEmpty else { return }
        // Which are older, the copies or the others, does not matter: the events themselves say their order.
        // Copies of other files' events may be in the same frames already.
        var list = FrameList()
        var listed: Set<FrameLocation> = []
        for location in copies + others where listed.insert(location).inserted { list.append(location) }
        tail = list
    }

    /// Whether the record that the execution is gone is needed: as long as another file has events of it, since whoever finds
    /// those, and not that, would take it for one that goes on.
    var needsTombstone: Bool {
        guard standing == .dropped, let place = tail.last else { return false }
        return shares.contains { $0.file != place.file }
    }
}
