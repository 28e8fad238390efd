import ExecutionModel
import Testing

@testable import ExecutionEngine

/// A snapshot and the events after it give the state that all events give. The driver checks that for every event of every
/// test by itself, one event at a time; here whole histories are cut.
@Suite struct SnapshotReplayTests {
    /// The histories of the execution that random commands drive, and of those that it invokes.
    static func histories(_ seed: Int) -> [[RecordedEvent]] {
        let records = RandomCommandTests.run(seed).records
        return Dictionary(grouping: records, by: \.execution).values.sorted { $0[0].lsn < $1[0].lsn }.map { history in
            let isDropped = [.executionDeleted, .retentionTrimmed].contains(history[history.count - 1].event)
            return isDropped ? history.dropLast() : history
        }
    }

    @Test(arguments: 1...30)
    func `a snapshot at any sequence and the rest give the whole`(seed: Int) throws {
        for history in Self.histories(seed) {
            for length in [0, Int.max] {
                let whole = try SnapshotVectors.rebuilt(history, storingPayloadsOver: length)
                // Every place in short histories; in long ones places that differ with the seed.
                for cut in stride(from: 1 + seed % 7, through: history.count, by: history.count > 60 ? 7 : 1) {
                    let start = try SnapshotVectors.rebuilt(Array(history.prefix(cut)), storingPayloadsOver: length)
                    var state = try SnapshotTests.read(start.snapshotRecords(), start.number.rawValue)
                    for var record in history.dropFirst(cut) {
                        record.event = record.event.storingPayloads(over: length, lsn: record.lsn)
                        try state.recover(record)
                    }
                    #expect(state.isRecordEqual(to: whole), "seed \(seed), cut at \(cut)")
                    #expect(state.snapshotRecords() == whole.snapshotRecords(), "seed \(seed), cut at \(cut)")
                    #expect(Set(state.changes) == Set(whole.changes), "seed \(seed), cut at \(cut)")
                }
            }
        }
    }

    /// The state's own rows with the bytes of what is stored, from the records that it is stored in.
    static func resolved(_ payload: Payload?, _ records: [UInt64: RecordedEvent]) throws -> Payload? {
        guard case .stored(let lsn, let length)? = payload else { return payload }
        let resolved = try #require(records[lsn]?.event.payload)
        #expect(resolved.length == length)
        return resolved
    }

    /// A live state has its payloads in memory: its snapshot names the records of those that its writer can find.
    @Test func `a snapshot names the records that hold its payloads`() throws {
        var storedCount = 0
        for seed in 1...60 { storedCount += try Self.expectStored(seed) }
        #expect(storedCount > 100)
    }

    /// - Returns: How many results were stored.
    private static func expectStored(_ seed: Int) throws -> Int {
        var storedCount = 0
        for history in histories(seed) {
            let records = Dictionary(uniqueKeysWithValues: history.map { ($0.lsn, $0) })
            let lsns = Dictionary(uniqueKeysWithValues: history.map { ($0.sequence, $0.lsn) })
            for cut in stride(from: 1, through: history.count, by: history.count > 60 ? 5 : 1) {
                let state = try SnapshotVectors.rebuilt(Array(history.prefix(cut)), storingPayloadsOver: .max)
                let written = state.snapshotRecords(storingPayloadsOver: 0) { lsns[$0] }
                let read = try SnapshotTests.read(written, state.number.rawValue)
                #expect(read.operationCount == state.operationCount)
                #expect(try Self.resolved(read.start.input, records) == state.start.input)
                #expect(try Self.resolved(read.result, records) == state.result, "seed \(seed), cut at \(cut)")
                for (row, original) in zip(read.operations, state.operations) {
                    // The state of a poll is not stored: the row does not say when it was recorded.
                    let isStored = row.status.isTerminal && original.result.map { $0.length > 0 } ?? false
                    #expect((row.result?.isStored ?? false) == isStored, "seed \(seed), cut at \(cut)")
                    if isStored { storedCount += 1 }
                    let result = try Self.resolved(row.result, records)
                    #expect(result == original.result, "seed \(seed), cut at \(cut), \(row.identity.id)")
                }
                // What it has in memory from there on is written again: no sequence is taken for another's.
                let again = read.snapshotRecords(storingPayloadsOver: 0) { _ in 999 }
                #expect(again == written, "seed \(seed), cut at \(cut)")
            }
        }
        return storedCount
    }

    @Test func `the estimate is near the size`() {
        for seed in 1...30 {
            for execution in RandomCommandTests.run(seed).state.all {
                let byteCount = execution.snapshotRecords().reduce(0) { $0 + $1.body.count }
                let estimate = execution.snapshotByteCountEstimate
                #expect((byteCount / 2...2 * byteCount + 128).contains(estimate), "seed \(seed)")
            }
        }
    }
}
