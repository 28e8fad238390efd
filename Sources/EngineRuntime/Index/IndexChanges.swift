import ExecutionModel
import LogStorage

/// What the index has learned since its newest table: the entries that differ from what the tables hold.
struct IndexChanges: Sendable {
    struct Change: Sendable {
        /// Nil: the execution is gone.
        var entry: IndexEntry?
        /// The keys that the tables hold of it; nil: none.
        var tabled: TabledKeys?

        /// Whether there is such an execution.
        var isThere: Bool { entry.map { $0.standing != .dropped } ?? false }
    }

    /// The keys beside the entry itself that lead to an execution.
    struct TabledKeys: Equatable, Sendable {
        var standing: IndexEntry.Standing
        var due: Timestamp?
        var nameHash: UInt64?

        init(_ entry: IndexEntry) {
            (standing, due, nameHash) = (entry.standing, entry.due, entry.nameHash)
        }

        func keys(_ number: ExecutionNumber) -> [TableKey] {
            var keys: [TableKey] = []
            switch standing {
            case .attention: keys.append(.attention(number))
            case .waiting, .closed: if let due { keys.append(.timer(due, number)) }
            case .dropped: return []
            }
            if let nameHash { keys.append(.name(nameHash, number)) }
            return keys
        }
    }

    private(set) var changes: [ExecutionNumber: Change] = [:]
    /// The executions among them whose name no table has yet.
    private(set) var names: [UInt64: [ExecutionNumber]] = [:]

    var isEmpty: Bool { changes.isEmpty }
    var count: Int { changes.count }

    subscript(number: ExecutionNumber) -> Change? { changes[number] }

    /// Takes up an entry as the tables have it, so that it may change.
    mutating func adopt(_ entry: IndexEntry?, _ number: ExecutionNumber) {
        precondition(changes[number] == nil, "an entry is taken from the tables twice")
        changes[number] = Change(entry: entry, tabled: entry.map { TabledKeys($0) })
    }

    /// Changes the entry of an execution that is here, or begins one.
    mutating func update(_ number: ExecutionNumber, _ body: (inout IndexEntry) -> Void) {
        guard changes[number]?.entry == nil else { return change(number, body) }
        var entry = IndexEntry()
        body(&entry)
        changes[number, default: Change(entry: nil, tabled: nil)].entry = entry
    }

    /// Changes the entry of an execution that is here; one that is gone stays so.
    mutating func change(_ number: ExecutionNumber, _ body: (inout IndexEntry) -> Void) {
        guard let index = changes.index(forKey: number), changes.values[index].entry != nil else { return }
        body(&changes.values[index].entry!)
    }

    mutating func remove(_ number: ExecutionNumber) {
        changes[number]?.entry = nil
    }

    /// Notes the name of an execution that is here.
    mutating func name(_ number: ExecutionNumber, _ hash: UInt64) {
        guard let entry = changes[number]?.entry, entry.nameHash == nil else { return }
        changes[number]?.entry?.nameHash = hash
        names[hash, default: []].append(number)
    }

    /// What has to be written for the tables to hold all of it, in the order of keys.
    func tableEntries() -> [(key: TableKey, entry: TableEntry)] {
        var entries: [(key: TableKey, entry: TableEntry)] = []
        entries.reserveCapacity(changes.count * 2)
        for (number, change) in changes {
            let old = change.tabled?.keys(number) ?? []
            guard let entry = change.entry else {
                if change.tabled != nil { entries.append((.execution(number), .deleted)) }
                entries += old.map { ($0, .deleted) }
                continue
            }
            var bytes: [UInt8] = []
            entry.encode(into: &bytes)
            entries.append((.execution(number), .value(bytes)))
            let new = TabledKeys(entry).keys(number)
            entries += old.filter { !new.contains($0) }.map { ($0, .deleted) }
            entries += new.filter { !old.contains($0) }.map { ($0, .value([])) }
        }
        entries.sort { $0.key < $1.key }
        return entries
    }
}
