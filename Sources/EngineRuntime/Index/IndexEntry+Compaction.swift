import ExecutionModel
import LogStorage

/// What a compaction has copied of one execution out of the files that it drops.
struct MovedRecords: Sendable {
    struct Event: Sendable {
        var sequence: UInt32
        var location: FrameLocation
    }

    let execution: ExecutionNumber
    let sources: [LogFileID]
    let target: LogFileID
    /// In the order of the execution's history; of one that was gone already, at most the record that says so.
    var events: [Event] = []
    /// Of the events; of one that was gone already, nothing.
    var share: IndexEntry.Share
    /// Where the first record of the snapshot is that the entry named.
    var snapshot: FrameLocation?
    /// Whether the execution was gone when its records were copied.
    var isTombstone = false

    init(of execution: ExecutionNumber, from sources: [LogFileID], to target: LogFileID) {
        self.execution = execution
        self.sources = sources
        self.target = target
        share = IndexEntry.Share(file: target, byteCount: 0)
    }

    func leaves(_ file: LogFileID) -> Bool { sources.contains(file) }
}

extension IndexEntry {
    /// Names the copies in place of what they were copied from.
    mutating func move(_ moved: MovedRecords) {
        shares.removeAll { moved.leaves($0.file) }
        if moved.share.byteCount > 0 { add(moved.share) }
        if standing == .dropped {
            // What was copied before the execution went is no record of that.
            if moved.isTombstone, let place = moved.events.last?.location {
                tail = FrameList()
                tail.append(place)
            }
            return
        }
        if let place = moved.snapshot, let old = snapshot?.location.file, moved.leaves(old) {
            snapshot?.location = place
        }
        guard !tailIsLong else { return }
        let covered = snapshot?.sequence ?? 0
        let copies = moved.events.filter { $0.sequence > covered }.map(\.location)
        let others = tail.locations.filter { !moved.leaves($0.file) }
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
    var needsTombstone: Bool { needsTombstone(without: []) }

    /// Whether it still is when these files are dropped.
    func needsTombstone(without files: [LogFileID]) -> Bool {
        guard standing == .dropped, let place = tail.last else { return false }
        return shares.contains { $0.file != place.file && !files.contains($0.file) }
    }

    /// What of a file's records the execution needs, as ``recordByteCount(of:)`` counts them: the authority on what is live.
    package func forEachNeed(_ body: (LogFileID, Int) -> Void) {
        if standing == .dropped {
            if needsTombstone, let place = tail.last { body(place.file, Self.tombstoneByteCount) }
            return
        }
        let isTrimmed = isTrimmed
        for share in shares { body(share.file, isTrimmed ? share.keptByteCount : share.byteCount) }
        if let snapshot { body(snapshot.location.file, snapshot.byteCount) }
    }
}
