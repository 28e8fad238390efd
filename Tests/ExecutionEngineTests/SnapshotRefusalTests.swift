import ExecutionModel
import Testing

@testable import ExecutionEngine

/// What no writer leaves in a snapshot is refused by the name of its field: each is a state that would trap later, or that
/// no events give.
@Suite struct SnapshotRefusalTests {
    static func refusal(_ records: [SnapshotRecord]) -> SnapshotError? {
        do {
            _ = try SnapshotTests.read(records)
            return nil
        } catch {
            return error
        }
    }

    /// Running, after 1 event: see SPEC.md §3.6.
    static let progress: [UInt8] = [0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]

    @Test(
        arguments: [
            // The status, the sequence, and a time before the start.
            (0, [7], .invalid(field: .status, offset: 0)), (1, [0], .invalid(field: .sequence, offset: 1)),
            (2, [1], .invalid(field: .time, offset: 2)),
            // As many operations or invocations as events, of which the first began neither.
            (4, [1], .invalid(field: .count, offset: 4)), (5, [1], .invalid(field: .count, offset: 5)),
            // Suspended without an invocation, and a phase that is none.
            (6, [2], .invalid(field: .phase, offset: 6)), (6, [7], .invalid(field: .phase, offset: 6)),
            // More failures than invocations.
            (7, [1], .invalid(field: .count, offset: 7)), (8, [1], .invalid(field: .count, offset: 8)),
            // Metered too little, and more than a record holds.
            (9, [0], .invalid(field: .meter, offset: 9)), (9, [3], .invalid(field: .meter, offset: 9)),
            (10, [0x81, 0x80, 0x80, 0x10], .invalid(field: .meter, offset: 10)),
            // A flag that is none, and a request that is unseen and was never made.
            (12, [32], .invalid(field: .flags, offset: 12)), (12, [4], .invalid(field: .flags, offset: 12)),
        ] as [(Int, [UInt8], EventDecodingError)])
    func `where an execution cannot stand is refused`(place: Int, bytes: [UInt8], error: EventDecodingError) throws {
        var records = try SnapshotVectors.all()[0].state.snapshotRecords()
        #expect(records[1].body == Self.progress)
        records[1].body.replaceSubrange(place...place, with: bytes)
        #expect(Self.refusal(records) == .record(index: 1, error))
    }

    /// Begun, and ended without a result: the context `1`.
    static let context: [UInt8] = [1, 0, 0, 1, 0x31, 0, 0, 0, 0, 0, 0]
    static let closed: [UInt8] = [1, 3, 0, 1, 0x31, 0, 0, 0, 0, 0, 0, 0]
    /// The step `2` in it, begun.
    static let step: [UInt8] = [2, 0, 0, 1, 0x32, 1, 0, 0, 0, 0, 0, 0]

    static func records(_ first: [UInt8], _ second: [UInt8]) throws -> [SnapshotRecord] {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), .step("2", .start, parent: "1")])
        var records = driver.execution.snapshotRecords()
        records[2].body = first
        records[3].body = second
        return records
    }

    @Test func `the operations that the refused ones differ from are read`() throws {
        #expect(Self.refusal(try Self.records(Self.context, Self.step)) == nil)
        #expect(Self.refusal(try Self.records(Self.closed, Self.step)) == nil)
    }

    @Test(
        arguments: [
            // Types that no row has.
            (context, [0, 0, 0, 1, 0x32, 0, 0, 0, 0, 0, 0], .invalid(field: .operationType, offset: 0)),
            (context, [6, 0, 0, 1, 0x32, 0, 0, 0, 0, 0, 0], .invalid(field: .operationType, offset: 0)),
            // A wait that is PENDING, and a context that is CANCELLED.
            (context, [3, 1, 0, 1, 0x32, 0, 0, 0, 0, 0, 0, 0], .invalid(field: .status, offset: 1)),
            (context, [1, 5, 0, 1, 0x32, 0, 0, 0, 0, 0, 0, 0], .invalid(field: .status, offset: 1)),
            // A context whose children are replayed although it has not succeeded; a wait with a detail.
            (context, [1, 0, 2, 1, 0x32, 0, 0, 0, 0, 0, 0], .invalid(field: .flags, offset: 2)),
            (context, [1, 4, 2, 1, 0x32, 0, 0, 0, 0, 0, 0, 0], .invalid(field: .flags, offset: 2)),
            (context, [3, 0, 2, 1, 0x32, 0, 0, 0, 0, 0, 0, 0], .invalid(field: .flags, offset: 2)),
            // The id of another.
            (context, [2, 0, 0, 1, 0x31, 1, 0, 0, 0, 0, 0, 0], .invalid(field: .operationID, offset: 3)),
            // A parent that is a step, and one that is not there yet.
            ([2, 0, 0, 1, 0x31, 0, 0, 0, 0, 0, 0, 0], step, .invalid(field: .parent, offset: 5)),
            (context, [2, 0, 0, 1, 0x32, 2, 0, 0, 0, 0, 0, 0], .invalid(field: .parent, offset: 5)),
            // More attempts than events: the next would be one too many for its type.
            (context, [2, 0, 0, 1, 0x32, 1, 0, 0, 0, 0x7F, 0, 0], .invalid(field: .attempt, offset: 9)),
            // What a hidden operation came to, which nobody looks at again.
            (closed, [2, 3, 0, 1, 0x32, 1, 0, 0, 0, 0, 1, 1, 0], .invalid(field: .payload, offset: 11)),
            (closed, [2, 4, 0, 1, 0x32, 1, 0, 0, 0, 0, 1, 0, 1], .invalid(field: .payload, offset: 11)),
        ] as [([UInt8], [UInt8], EventDecodingError)])
    func `an operation that cannot be is refused`(first: [UInt8], second: [UInt8], error: EventDecodingError) throws {
        #expect(Self.refusal(try Self.records(first, second)) == .record(index: 3, error))
    }

    @Test func `records of other kinds, and in another order, are refused`() throws {
        let records = try Self.records(Self.context, Self.step)
        #expect(Self.refusal([]) == .recordCount(expected: 2, found: 0))
        #expect(Self.refusal(Array(records.dropLast())) == .recordCount(expected: 4, found: 3))
        #expect(Self.refusal(Array(records.dropFirst())) == .kind(0xC1, index: 0))
        var other = records
        other.swapAt(1, 2)
        #expect(Self.refusal(other) == .kind(0xC2, index: 1))
        for kind in UInt8.min...UInt8.max where kind != 0xC2 {
            other = records
            other[2].kind = kind
            #expect(Self.refusal(other) == .kind(kind, index: 2))
        }
    }
}
