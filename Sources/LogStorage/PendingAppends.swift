/// Appends on their way to the writer, end to end: three arrays however many appends there are.
struct PendingAppends: Sendable {
    /// Where an append ends in the two other arrays.
    struct Mark: Sendable {
        var entryEnd: Int
        var bodyEnd: Int
        /// The room it was promised; see ``RoomLedger``.
        var cost: Int

        static let zero = Mark(entryEnd: 0, bodyEnd: 0, cost: 0)
    }

    private(set) var entries: [RecordBatch.Entry] = []
    private(set) var bodies: [UInt8] = []
    private(set) var marks: [Mark] = []
    /// The sum of the marks' costs.
    private(set) var cost = 0

    var isEmpty: Bool { marks.isEmpty }

    mutating func append(_ batch: borrowing RecordBatch, cost: Int) {
        entries.append(contentsOf: batch.entries)
        bodies.append(contentsOf: batch.bodies)
        self.cost += cost
        marks.append(Mark(entryEnd: entries.count, bodyEnd: bodies.count, cost: cost))
    }

    /// Keeps the memory for the next appends unless one very large append has blown it up.
    mutating func removeAll(keepingBytes limit: Int) {
        let keep = bodies.capacity <= limit
        entries.removeAll(keepingCapacity: keep)
        bodies.removeAll(keepingCapacity: keep)
        marks.removeAll(keepingCapacity: keep)
        cost = 0
    }
}
