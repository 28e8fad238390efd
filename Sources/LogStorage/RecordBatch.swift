/// The records of one append: they become durable together or not at all.
///
/// Bodies lie end to end in one buffer, so that an append of many records is two allocations.
package struct RecordBatch: Sendable {
    /// What the frame's directory says of a record.
    package struct Entry: Equatable, Sendable {
        /// The execution's number; a record that starts one has its own LSN here.
        package var execution: UInt64
        /// The record's place in its execution's history, from 1.
        package var sequence: UInt32
        /// What the body holds; the log does not interpret it.
        package var kind: UInt8
        /// Bytes of the body.
        package var length: Int
        /// Milliseconds since 1970-01-01T00:00:00Z.
        package var time: Int64

        package init(execution: UInt64, sequence: UInt32, kind: UInt8, length: Int, time: Int64) {
            self.execution = execution
            self.sequence = sequence
            self.kind = kind
            self.length = length
            self.time = time
        }
    }

    package private(set) var entries: [Entry] = []
    package private(set) var bodies: [UInt8] = []

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    package mutating func append(
        execution: UInt64, sequence: UInt32, kind: UInt8, time: Int64, body: some Sequence<UInt8>
    ) {
        append(execution: execution, sequence: sequence, kind: kind, time: time) { $0.append(contentsOf: body) }
    }

    /// Appends a record whose body `encode` appends to the bytes that it is given.
    package mutating func append(
        execution: UInt64, sequence: UInt32, kind: UInt8, time: Int64, encoding encode: (inout [UInt8]) -> Void
    ) {
        let start = bodies.count
        encode(&bodies)
        precondition(bodies.count >= start, "an encoder removed what others wrote")
        entries.append(
            Entry(execution: execution, sequence: sequence, kind: kind, length: bodies.count - start, time: time))
    }
}
