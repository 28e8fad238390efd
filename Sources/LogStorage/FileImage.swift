/// A file: what reads see, what the disk holds, and what lies between.
struct FileImage: Sendable {
    enum Change: Sendable {
        case sector(Int, FileContent.Sector?)
        case size(Int)
    }

    var cached = FileContent()
    var durable = FileContent()
    /// What was written and not synced, in order.
    private(set) var unsynced: [Change] = []

    mutating func change(_ change: Change) {
        Self.apply(change, to: &cached)
        unsynced.append(change)
    }

    /// Ends the wait of the changes that `isSynced` selects; `reaches` says which of them the disk gets.
    mutating func settle(where isSynced: (Change) -> Bool = { _ in true }, reaches: (Int) -> Bool = { _ in true }) {
        var waiting: [Change] = []
        for (index, change) in unsynced.enumerated() {
            if !isSynced(change) {
                waiting.append(change)
            } else if reaches(index) {
                Self.apply(change, to: &durable)
            }
        }
        unsynced = waiting
    }

    /// Shows what the disk holds in place of clean pages that it never got. What waits for a sync is sent first.
    mutating func dropCleanPages() {
        var content = durable
        content.resize(to: cached.size)
        for change in unsynced { Self.apply(change, to: &content) }
        content.clearBeyondSize()
        cached = content
    }

    static func apply(_ change: Change, to content: inout FileContent) {
        switch change {
        case .sector(let index, let sector): content.set(index, sector)
        case .size(let size): content.resize(to: size)
        }
    }
}
