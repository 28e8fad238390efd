import ExecutionModel

/// The strands of a run that wait, each found by what it waits for: a batch may have thousands.
///
/// Read and written under the lock of the run, as the strands are.
struct WaitingStrands {
    private var all: [ObjectIdentifier: Strand] = [:]
    /// An operation belongs to one context, so no two strands wait for it.
    private var byRow: [OperationID: Strand] = [:]
    private var lastTicket: UInt64 = 0

    var isEmpty: Bool { all.isEmpty }

    /// In the order in which they began to wait: O(n log n).
    var inOrder: [Strand] {
        all.values.sorted { $0.ticket < $1.ticket }
    }

    /// The strand that waits for the operation's row to change.
    subscript(id: OperationID) -> Strand? { byRow[id] }

    mutating func insert(_ strand: Strand, for awaited: Strand.Awaited) {
        precondition(strand.awaited == nil, "a strand waits for two things at once")
        strand.awaited = awaited
        lastTicket += 1
        strand.ticket = lastTicket
        all[ObjectIdentifier(strand)] = strand
        guard case .row(let id, _) = awaited else { return }
        let other = byRow.updateValue(strand, forKey: id)
        precondition(other == nil, "two strands wait for operation \(id)")
    }

    /// - Returns: Who goes on; nil when the strand does not wait.
    mutating func remove(_ strand: Strand) -> UnsafeContinuation<Waking, Never>? {
        guard let awaited = strand.awaited else { return nil }
        strand.awaited = nil
        all[ObjectIdentifier(strand)] = nil
        if case .row(let id, _) = awaited { byRow[id] = nil }
        return awaited.continuation
    }
}
