/// Several runs as one, in order: of the entries of a key the newest counts.
package struct MergedScan: Sendable {
    private enum Source {
        case table(TableScan)
        case entries(ArraySlice<(key: TableKey, entry: TableEntry)>)
    }

    /// Newest first, each with its next entry. So few that looking at all of them is the fastest way to the least.
    private var sources: [Source]
    private var heads: [(key: TableKey, entry: TableEntry)?] = []
    private var failure: TableError?
    private var isStarted = false

    /// - Parameters:
    ///   - overlay: Entries newer than all runs, ascending by key.
    ///   - scans: Newest first.
    init(_ overlay: [(key: TableKey, entry: TableEntry)], _ scans: [TableScan]) {
        sources = (overlay.isEmpty ? [] : [.entries(overlay[...])]) + scans.map { .table($0) }
    }

    /// The next key that has a value, and the value; nil behind the last one. After an error, the same error.
    package mutating func next() throws(TableError) -> (key: TableKey, value: [UInt8])? {
        while let (key, entry) = try nextEntry() {
            if case .value(let value) = entry { return (key, value) }
        }
        return nil
    }

    /// The same with tombstones.
    mutating func nextEntry() throws(TableError) -> (key: TableKey, entry: TableEntry)? {
        // Going on behind an entry that could not be read would bring an older one of the same key back.
        if let failure { throw failure }
        do throws(TableError) {
            if !isStarted {
                isStarted = true
                heads = Array(repeating: nil, count: sources.count)
                for index in sources.indices { heads[index] = try advance(index) }
            }
            var least: (key: TableKey, entry: TableEntry)?
            for head in heads {
                if let head, least.map({ head.key < $0.key }) ?? true { least = head }
            }
            guard let least else { return nil }
            for index in heads.indices where heads[index]?.key == least.key { heads[index] = try advance(index) }
            return least
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func advance(_ index: Int) throws(TableError) -> (key: TableKey, entry: TableEntry)? {
        switch sources[index] {
        case .table(var scan):
            // Taken out, so that the scan's buffers are not copied.
            sources[index] = .entries([])
            let next = try scan.next()
            sources[index] = .table(scan)
            return next
        case .entries(var entries):
            let next = entries.popFirst()
            sources[index] = .entries(entries)
            return next
        }
    }
}
