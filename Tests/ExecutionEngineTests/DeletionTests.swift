import ExecutionModel
import Testing

@testable import ExecutionEngine

/// An ended execution is dropped, by a command or when its retention is over: it is as if it had never been.
@Suite struct DeletionTests {
    static func retained(_ retention: Int64) throws -> EngineDriver {
        let driver = EngineDriver()
        _ = try driver.start(
            ExecutionStart(
                secret: RandomBits(high: 5, low: 5), function: "pay", name: "order-1", input: nil,
                retention: RetentionPolicy(Milliseconds(retention))))
        _ = driver.invoke()
        return driver
    }

    private func expectGone(_ driver: EngineDriver) throws {
        #expect(driver.state.execution(driver.number) == nil)
        #expect(driver.state.number(function: "pay", name: "order-1") == nil)
        #expect(driver.state.all.isEmpty)
        let again = try driver.start("order-1", input: "another")
        #expect(again.isNew, "the name is free, for any input")
        #expect(driver.state.number(function: "pay", name: "order-1") == again.id.number)
    }

    @Test(arguments: [.succeeded, .failed, .timedOut, .stopped] as [ExecutionStatus])
    func `an ended execution is deleted, and its name is free`(status: ExecutionStatus) throws {
        let driver = try PauseCommandTests.driver(status)
        if driver.execution.isInFlight { driver.finish(.pending) }
        let effects = driver.effects
        try driver.delete()
        #expect(driver.kinds.last == .executionDeleted)
        #expect(driver.effects == effects)
        try expectGone(driver)
    }

    @Test(
        arguments: [
            (.running, "Cannot delete an execution that is RUNNING: stop it first."),
            (.pausing, "Cannot delete an execution that is PAUSING: stop it first."),
            (.paused, "Cannot delete an execution that is PAUSED: stop it first."),
        ] as [(ExecutionStatus, String)])
    func `one that goes on is not`(status: ExecutionStatus, message: String) throws {
        let driver = try PauseCommandTests.driver(status)
        let count = driver.records.count
        #expect(throws: EngineError(.resourceConflict, message)) { try driver.delete() }
        #expect(driver.records.count == count)
    }

    @Test func `a handler that has not noticed the end is cancelled, and its end recorded`() throws {
        let driver = try PauseCommandTests.driver(.stopped)
        #expect(driver.execution.isInFlight)
        try driver.delete()
        #expect(driver.kinds.suffix(3) == [.executionStopped, .invocationCompleted, .executionDeleted])
        #expect(driver.records.dropLast().last?.event == .invocationCompleted(.ignored(error: nil)))
        #expect(driver.effects.last == .cancelInvocation)
        try expectGone(driver)
    }

    @Test func `a retention that is over trims, and not before`() throws {
        let driver = try Self.retained(5_000)
        driver.advance(by: 60_000)
        #expect(driver.execution.nextDue == nil, "it counts from the end")
        driver.finish(.succeeded(result: nil))
        let end = driver.now
        #expect(driver.execution.nextDue == end.adding(Milliseconds(5_000)))
        driver.advance(by: 4_999)
        driver.fireTimers()
        #expect(driver.kinds.last == .executionSucceeded)
        driver.advance(by: 1)
        #expect(driver.kinds.last == .retentionTrimmed)
        try expectGone(driver)
    }

    @Test func `it waits for the end of an invocation that has outlived its execution`() throws {
        let driver = try Self.retained(5_000)
        _ = try driver.stop()
        let end = driver.now
        #expect(driver.execution.nextDue == nil)
        driver.advance(by: 60_000)
        driver.fireTimers()
        #expect(driver.kinds.last == .executionStopped)
        driver.finish(.pending)
        #expect(driver.execution.nextDue == end.adding(Milliseconds(5_000)), "it counts from the execution's end")
        driver.fireTimers()
        #expect(driver.kinds.suffix(2) == [.invocationCompleted, .retentionTrimmed])
    }

    @Test func `without a retention an execution is kept, and one that is running is never trimmed`() throws {
        let driver = EngineDriver.invoked()
        driver.finish(.succeeded(result: nil))
        #expect(driver.execution.nextDue == nil)
        driver.advance(by: 1 << 40)
        driver.fireTimers()
        #expect(driver.execution.status == .succeeded)
        let open = try Self.retained(1)
        try open.checkpoint([.callback("1")])
        open.finish(.pending)
        open.advance(by: 1 << 40)
        #expect(open.readiness == .waiting)
    }

    @Test func `the name of another that has taken it since stays taken`() throws {
        let driver = EngineDriver.invoked()
        driver.finish(.succeeded(result: nil))
        let ended = driver.number
        // Another program may have recorded it: two executions of one name, of which the later is found.
        var state = driver.state
        let start = ExecutionStart(secret: RandomBits(high: 6, low: 6), function: "pay", name: "order-1", input: nil)
        state.apply(.executionStarted(start), to: ExecutionNumber(90), at: driver.now)
        state.apply(.executionDeleted, to: ended, at: driver.now)
        #expect(state.number(function: "pay", name: "order-1") == ExecutionNumber(90))
    }

    @Test func `a history ends with it, on request`() throws {
        let driver = try Self.retained(1)
        driver.finish(.succeeded(result: nil))
        driver.advance(by: 1)
        let history = try HistoryProjection.history(of: driver.records, includesInternal: true)
        #expect(history.last?.details == .retentionTrimmed)
        #expect(history.map(\.eventID) == [1, nil, 2, 3, nil])
        let deleted = try PauseCommandTests.driver(.failed)
        try deleted.delete()
        #expect(
            try HistoryProjection.history(of: deleted.records, includesInternal: true).last?.details
                == .executionDeleted)
    }
}
