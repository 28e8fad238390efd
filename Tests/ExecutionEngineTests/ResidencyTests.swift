import ExecutionModel
import Testing

@testable import ExecutionEngine

/// Executions that leave memory and come back to it.
@Suite struct ResidencyTests {
    static func driver() throws -> EngineDriver {
        let driver = EngineDriver()
        _ = try driver.start("order-1")
        _ = driver.invoke()
        try driver.checkpoint([.step("1", .succeed, payload: "1"), .wait("2")])
        driver.finish(.pending)
        return driver
    }

    @Test func `an execution that is evicted is found by nothing, and back by its number and name`() throws {
        let driver = try Self.driver()
        let number = driver.number
        var state = driver.state
        #expect(state.residentCount == 1)
        let left = state.evict(number)
        let evicted = try #require(left)
        #expect(state.residentCount == 0 && state.execution(number) == nil)
        #expect(state.number(function: "pay", name: "order-1") == nil)
        let none = state.evict(number)
        #expect(none?.number == nil)
        let read = try SnapshotTests.read(evicted.snapshotRecords(), number.rawValue)
        state.install(read)
        #expect(state.residentCount == 1)
        #expect(state.number(function: "pay", name: "order-1") == number)
        #expect(state.execution(number)?.isRecordEqual(to: evicted) == true)
    }

    @Test func `what is evicted leaves alone whoever has its name since`() throws {
        let driver = EngineDriver()
        _ = try driver.start("order-1")
        _ = driver.invoke()
        driver.finish(.succeeded(result: nil))
        var state = driver.state
        let leftOld = state.evict(driver.number)
        let old = try #require(leftOld)
        try driver.delete()
        let again = try driver.start("order-1").id.number
        let new = try #require(driver.state.execution(again))
        state.install(old)
        state.install(new)
        #expect(state.number(function: "pay", name: "order-1") == again)
        state.evict(old.number)
        #expect(state.number(function: "pay", name: "order-1") == again)
    }

    @Test func `a state goes on from a snapshot as from its records`() throws {
        let driver = try Self.driver()
        var state = driver.state
        let left = state.evict(driver.number)
        let evicted = try #require(left)
        state.install(try SnapshotTests.read(evicted.snapshotRecords(), driver.number.rawValue))
        let before = driver.records.count
        driver.advance(by: 1_000)
        _ = driver.invoke()
        driver.finish(.succeeded(result: [1]))
        for record in driver.records.dropFirst(before) { try state.recover(record) }
        #expect(state.execution(driver.number)?.isRecordEqual(to: driver.execution) == true)
    }

    @Test func `a state that is loaded by itself refuses what cannot follow`() throws {
        let driver = try Self.driver()
        var state = driver.execution
        var record = RecordedEvent(
            lsn: 99, execution: driver.number, sequence: state.sequence + 1, time: driver.now,
            event: .waitSucceeded(.existing(OperationOrdinal(0))))
        #expect(throws: RecordError.operationType(OperationOrdinal(0), .wait)) { try state.recover(record) }
        record.event = .waitSucceeded(.existing(OperationOrdinal(1)))
        record.execution = ExecutionNumber(2)
        #expect(throws: RecordError.executionUnknown) { try state.recover(record) }
        record.execution = driver.number
        record.sequence += 1
        #expect(throws: RecordError.sequence(expected: state.sequence + 1, found: state.sequence + 2)) {
            try state.recover(record)
        }
        record.event = driver.records[0].event
        record.sequence = state.sequence + 1
        #expect(throws: RecordError.executionStartedTwice) { try state.recover(record) }
        #expect(state.isRecordEqual(to: driver.execution))
    }

    /// Sequences end at 2^32 - 1: a state that stands there takes no further event, whatever its record says.
    @Test func `nothing follows the last sequence there is`() throws {
        let driver = try Self.driver()
        var records = driver.execution.snapshotRecords()
        // The status, and the sequence: one byte here.
        #expect(Array(records[1].body.prefix(2)) == [0, UInt8(driver.execution.sequence)])
        records[1].body.replaceSubrange(1...1, with: [0xFF, 0xFF, 0xFF, 0xFF, 0x0F])
        var state = try SnapshotTests.read(records, driver.number.rawValue)
        for sequence in [0, 1, .max] as [UInt32] {
            let record = RecordedEvent(
                lsn: 99, execution: driver.number, sequence: sequence, time: driver.now,
                event: .executionCancelRequested(reason: nil))
            #expect(throws: RecordError.sequence(expected: 0, found: sequence)) { try state.recover(record) }
        }
    }

    @Test func `the same start is told by the bytes of its stored input`() throws {
        let driver = EngineDriver()
        let id = try driver.start("order-1", input: "{\"amount\":1}").id
        var state = EngineState(limits: .embedded)
        for var record in driver.records {
            record.event = record.event.storingPayloads(over: 0, lsn: record.lsn)
            try state.recover(record)
        }
        func request(_ input: String?) -> ExecutionStart {
            ExecutionStart(
                secret: RandomBits(high: 1, low: 1), function: "pay", name: "order-1",
                input: input.map { .inline(Array($0.utf8)) })
        }
        func reply(_ input: String?, _ existing: [UInt8]? = nil) throws(EngineError) -> StartReply {
            try state.decideStart(request(input), number: ExecutionNumber(9), at: driver.now, existingInput: existing)
                .reply
        }
        let stored = Payload.stored(lsn: 1, length: 12)
        #expect(state.inputToCompare(with: request("{\"amount\":1}")) == stored)
        #expect(state.inputToCompare(with: request("{\"amount\":2}")) == stored)
        #expect(try reply("{\"amount\":1}", Array("{\"amount\":1}".utf8)) == StartReply(id: id, isNew: false))
        #expect(throws: EngineError.self) { try reply("{\"amount\":2}", Array("{\"amount\":1}".utf8)) }
        // Another length is another input, whatever the bytes.
        for input in [nil, "", "{\"amount\":10}"] {
            #expect(state.inputToCompare(with: request(input)) == nil)
            #expect(throws: EngineError.self) { try reply(input) }
        }
        #expect(driver.state.inputToCompare(with: request("{\"amount\":1}")) == nil, "it is in memory")
    }
}
