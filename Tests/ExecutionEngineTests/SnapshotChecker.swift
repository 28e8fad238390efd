import ExecutionModel
import Testing

@testable import ExecutionEngine

/// Writes every execution as a snapshot after every event, reads it back, and goes on from what was read: whatever a
/// snapshot leaves out is missing from then on.
struct SnapshotChecker {
    /// Beyond so many rows only the events are folded in: a snapshot takes time for each row.
    static let rowCountMax = 200

    private var states: [ExecutionNumber: ExecutionState] = [:]

    /// - Parameters:
    ///   - live: The state that the event was decided on, whose handler is told of changes. Nil: it is dropped.
    ///   - recovered: The state that has only seen the record.
    mutating func follow(_ record: RecordedEvent, live: ExecutionState?, recovered: ExecutionState?) {
        let number = record.execution
        guard let live, let recovered else {
            #expect(throws: RecordError.executionDropped) { try states[number]?.recover(record) }
            states[number] = nil
            return
        }
        do {
            if case .executionStarted(let start) = record.event {
                states[number] = ExecutionState(
                    start: start, number: number, delayMax: live.delayMax, at: record.time)
            } else {
                try states[number]?.recover(record)
            }
            guard let state = states[number] else {
                Issue.record("execution \(number) has no start")
                return
            }
            guard state.rows.count <= Self.rowCountMax else { return }
            states[number] = try Self.writtenAndRead(state, live: live, recovered: recovered)
        } catch {
            Issue.record("after \(record.event.eventKind): \(error)")
        }
    }

    private static func writtenAndRead(
        _ state: ExecutionState, live: ExecutionState, recovered: ExecutionState
    ) throws(SnapshotError) -> ExecutionState {
        let records = state.snapshotRecords()
        // It holds what was recorded and nothing else, so whoever writes it writes the same bytes.
        #expect(live.snapshotRecords() == records && recovered.snapshotRecords() == records)
        let read = try ExecutionState(snapshot: records, number: state.number, delayMax: state.delayMax)
        #expect(read.snapshotRecords() == records, "what was read is written in other bytes")
        #expect(read.isRecordEqual(to: live), "a snapshot gives another state")
        #expect(
            read.changes == recovered.changes.sorted() && read.isExecutionRowChanged == recovered.isExecutionRowChanged
                && read.tokenCheck == recovered.tokenCheck,
            "a snapshot gives other unseen changes than recovery")
        // Between the last two records of an execution, which are one append.
        if read.phase != .over || read.status.isTerminal { read.checkInvariants() }
        return read
    }
}
