import ExecutionModel

/// What may not leave memory now: executions that a command is about, and executions of a name that somebody asks for.
///
/// A command pins first and looks then. So what it finds in memory stays there until it is done, and what it does not find
/// there is in the index, or nowhere.
struct Pins {
    private var numbers: [ExecutionNumber: Int] = [:]
    private var names: [UInt64: Int] = [:]

    func holds(_ number: ExecutionNumber) -> Bool { numbers[number] != nil }

    func holds(nameHash: UInt64) -> Bool { names[nameHash] != nil }

    /// Whether no name is pinned: then none need be hashed.
    var hasNoNames: Bool { names.isEmpty }

    mutating func add(_ number: ExecutionNumber) { numbers[number, default: 0] += 1 }

    mutating func add(nameHash: UInt64) { names[nameHash, default: 0] += 1 }

    mutating func remove(_ number: ExecutionNumber) { Self.decrement(&numbers, number) }

    mutating func remove(nameHash: UInt64) { Self.decrement(&names, nameHash) }

    private static func decrement<Key: Hashable>(_ counts: inout [Key: Int], _ key: Key) {
        guard let count = counts[key] else { preconditionFailure("a pin was taken out twice") }
        counts[key] = count > 1 ? count - 1 : nil
    }
}
