import ExecutionModel
import Testing

@testable import ExecutionEngine

@Suite struct TimerTests {
    @Test func `timers fire in the order in which they are due`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1", duration: 300), .wait("2", duration: 100), .wait("3", duration: 200)])
        driver.finish(.pending)
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(100)))
        driver.now = driver.now.adding(Milliseconds(250))
        driver.fireTimers()
        #expect(
            driver.records.suffix(2).map(\.event)
                == [.waitSucceeded(.existing(OperationOrdinal(1))), .waitSucceeded(.existing(OperationOrdinal(2)))])
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(50)))
    }

    @Test func `a wait that is due a millisecond after another is not over with it`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1", duration: 100), .wait("2", duration: 101)])
        driver.finish(.pending)
        driver.now = driver.now.adding(Milliseconds(100))
        driver.fireTimers()
        #expect(driver.records.last?.event == .waitSucceeded(.existing(OperationOrdinal(0))))
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(1)))
    }

    @Test func `a timer that is asked for early or again does nothing`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1", duration: 100)])
        let count = driver.records.count
        driver.fireTimers()
        #expect(driver.records.count == count)
        driver.now = driver.now.adding(Milliseconds(100))
        driver.fireTimers()
        driver.fireTimers()
        #expect(driver.records.count == count + 1)
    }

    /// Timeout and heartbeat timeout in milliseconds, the times of heartbeats, when the callback times out, and of what.
    @Test(
        arguments: [
            (1_000, nil, [], 1_000, "Callback.Timeout"), (nil, 400, [], 400, "Callback.Heartbeat"),
            (nil, 400, [300, 600], 1_000, "Callback.Heartbeat"), (900, 400, [300, 600], 900, "Callback.Timeout"),
            (400, 400, [], 400, "Callback.Timeout"), (0, 400, [], 400, "Callback.Heartbeat"),
        ] as [(Int64?, Int64?, [Int64], Int64, String)])
    func `a callback times out by its timeouts`(
        timeout: Int64?, heartbeat: Int64?, heartbeats: [Int64], end: Int64, type: String
    ) throws {
        let driver = EngineDriver.invoked()
        let start = driver.now
        try driver.checkpoint([.callback("1", timeout: timeout, heartbeat: heartbeat)])
        driver.finish(.pending)
        for time in heartbeats {
            driver.advance(by: time - driver.now.since(start).rawValue)
            try driver.answer(0, .heartbeat)
        }
        driver.advance(by: 10_000)
        let row = try #require(driver.execution.operation(OperationID("1")))
        #expect(row.status == .timedOut)
        #expect(row.endTime == start.adding(Milliseconds(end)))
        #expect(row.error?.type == type)
        #expect(driver.readiness == .runnable)
    }

    @Test func `a callback without a heartbeat timeout records no heartbeat`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.callback("1", timeout: 1_000)])
        let count = driver.records.count
        try driver.answer(0, .heartbeat)
        #expect(driver.records.count == count)
    }

    @Test(arguments: [.succeed(nil), .fail(nil), .heartbeat] as [CallbackCommand])
    func `a callback that is closed, or whose time is up, takes no answer`(command: CallbackCommand) throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.callback("1"), .callback("2", timeout: 100), .callback("3", heartbeat: 100)])
        try driver.answer(0, .succeed(nil))
        // No timer has fired yet.
        driver.now = driver.now.adding(Milliseconds(100))
        for ordinal in 0...2 as ClosedRange<UInt32> {
            let error = #expect(throws: EngineError.self) { try driver.answer(ordinal, command) }
            #expect(error?.code == .callbackTimeout)
        }
        let unknown = #expect(throws: EngineError.self) { try driver.answer(3, command) }
        #expect(unknown?.code == .resourceNotFound)
        driver.finish(.succeeded(result: nil))
        let late = #expect(throws: EngineError.self) { try driver.answer(1, command) }
        #expect(late?.code == .callbackTimeout)
    }

    @Test func `only an operation that is a callback can be answered`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.step("1", .start)])
        let error = #expect(throws: EngineError.self) { try driver.answer(0, .succeed(nil)) }
        #expect(error?.code == .resourceNotFound)
    }

    @Test func `an execution times out as a whole`() throws {
        let driver = EngineDriver.invoked(timeout: Milliseconds(2_500))
        try driver.checkpoint([.wait("1"), .wait("2", duration: 5_000)])
        driver.finish(.pending)
        driver.now = driver.now.adding(Milliseconds(10_000))
        driver.fireTimers()
        #expect(driver.kinds.suffix(2) == [.waitSucceeded, .executionTimedOut])
        #expect(driver.execution.status == .timedOut)
        #expect(driver.execution.error?.message == "Execution timed out after 2.500 seconds.")
        #expect(driver.effects == [.executionEnded])
    }

    @Test func `an execution that times out during an invocation cancels it`() throws {
        let driver = EngineDriver.invoked(timeout: Milliseconds(1_000))
        driver.now = driver.now.adding(Milliseconds(1_000))
        try driver.checkpoint([.step("1", .start)])
        #expect(driver.kinds.suffix(2) == [.stepStarted, .executionTimedOut])
        #expect(driver.effects == [.cancelInvocation, .executionEnded])
        #expect(driver.execution.currentToken == nil)
    }

    @Test func `a thousand heartbeats leave one timer`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.callback("1", heartbeat: 1_000)])
        for _ in 0..<1_000 {
            driver.advance(by: 1)
            try driver.answer(0, .heartbeat)
        }
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(1_000)))
        #expect(driver.execution.timers.count == 1)
    }
}
