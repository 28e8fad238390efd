import ExecutionModel
import Testing

@testable import ExecutionEngine

@Suite struct InvocationTests {
    static let error = ErrorObject(message: "no", type: "Declined")
    static let divergence = Divergence(
        recorded: OperationIdentity(id: OperationID("1"), type: .step, name: "charge"),
        attempted: OperationIdentity(id: OperationID("1"), type: .step, name: "refund"))

    @Test func `an execution is runnable from its start`() {
        let driver = EngineDriver.started()
        #expect(driver.readiness == .runnable)
        #expect(driver.execution.currentToken == nil)
        _ = driver.invoke()
        #expect(driver.readiness == .inFlight)
        #expect(driver.execution.currentToken?.invocation == 1)
    }

    @Test(
        arguments: [
            (.succeeded(result: Array("9".utf8)), .succeeded, nil), (.succeeded(result: nil), .succeeded, nil),
            (.failed(error), .failed, error), (.failed(nil), .failed, nil),
        ] as [(InvocationOutcome, ExecutionStatus, ErrorObject?)])
    func `the handler's end is the execution's, and comes after the invocation's`(
        outcome: InvocationOutcome, status: ExecutionStatus, error: ErrorObject?
    ) {
        let driver = EngineDriver.invoked()
        driver.finish(outcome)
        #expect(driver.execution.status == status)
        #expect(driver.execution.error == error)
        #expect(driver.execution.endTime == driver.now)
        #expect(driver.readiness == .ended)
        #expect(driver.effects == [.executionEnded])
        #expect(driver.kinds.dropLast() == [.executionStarted, .invocationStarted, .invocationCompleted])
    }

    @Test func `a result over the limit fails the execution`() {
        var limits = Limits.embedded
        limits.payloadLengthMax = 3
        let driver = EngineDriver.invoked(limits: limits)
        driver.finish(.succeeded(result: [1, 2, 3, 4]))
        #expect(driver.execution.status == .failed)
        #expect(
            driver.execution.error?.message
                == "Execution output payload size must be less than or equal to 3 bytes. "
                + "It is 4 bytes: keep large data elsewhere and record a reference to it.")
    }

    @Test func `a suspended execution wakes when something changes`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1"), .callback("2")])
        driver.finish(.pending)
        #expect(driver.readiness == .waiting)
        try driver.answer(1, .heartbeat)
        #expect(driver.readiness == .waiting, "a heartbeat is no change")
        driver.advance(by: 999)
        #expect(driver.readiness == .waiting)
        driver.advance(by: 1)
        #expect(driver.readiness == .runnable)
    }

    @Test func `a change during the invocation wakes only the handler that has not seen it`() throws {
        for isSeen in [false, true] {
            let driver = EngineDriver.invoked()
            try driver.checkpoint([.callback("1"), .callback("2")])
            try driver.answer(0, .succeed(nil))
            if isSeen { try driver.checkpoint([]) }
            driver.finish(.pending)
            #expect(driver.readiness == (isSeen ? .waiting : .runnable))
        }
    }

    @Test func `an invocation that suspends with nothing pending is tried three times`() {
        let driver = EngineDriver.started()
        for attempt in 1...3 {
            #expect(driver.readiness == .runnable, "attempt \(attempt)")
            _ = driver.invoke()
            driver.finish(.pending)
        }
        #expect(driver.execution.status == .failed)
        #expect(driver.execution.error?.message == "Cannot return PENDING status with no pending operations.")
        #expect(driver.execution.error?.type == "InvalidParameterValueException")
    }

    @Test func `a failed invocation backs off, twice as long each time, until one suspends`() throws {
        let driver = EngineDriver.started()
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] as [Int64] {
            _ = driver.invoke()
            driver.finish(.crashed(Self.error))
            #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(1_000 * seconds)))
            #expect(driver.readiness == .waiting)
            driver.advance(by: 1_000 * seconds - 1)
            #expect(driver.readiness == .waiting)
            driver.advance(by: 1)
            #expect(driver.readiness == .runnable)
        }
        _ = driver.invoke()
        try driver.checkpoint([.wait("1", duration: 1)])
        driver.finish(.pending)
        driver.advance(by: 1)
        _ = driver.invoke()
        driver.finish(.crashed(Self.error))
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(1_000)))
    }

    @Test func `a wait that ends during a back-off does not cut it short`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1", duration: 500)])
        driver.finish(.crashed(Self.error))
        driver.advance(by: 500)
        #expect(driver.execution.operation(OperationID("1"))?.status == .succeeded)
        #expect(driver.readiness == .waiting)
        driver.advance(by: 500)
        #expect(driver.readiness == .runnable)
    }

    @Test func `an interrupted invocation is tried again at once, and backs off when it is the second`() {
        let driver = EngineDriver.invoked()
        driver.finish(.interrupted)
        #expect(driver.readiness == .runnable)
        guard case .invocationCompleted(let end) = driver.records.last?.event else {
            Issue.record("no end of the invocation")
            return
        }
        #expect(end.error?.type == "Runtime.ExitError")
        _ = driver.invoke()
        driver.finish(.interrupted)
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(1_000)))
    }

    @Test func `failed invocations end the execution where a limit says so`() {
        var limits = Limits.embedded
        limits.failedInvocationCountMax = 2
        let driver = EngineDriver.invoked(limits: limits)
        driver.finish(.crashed(Self.error))
        driver.advance(by: 1_000)
        _ = driver.invoke()
        driver.finish(.crashed(Self.error))
        #expect(driver.execution.status == .failed)
        #expect(driver.execution.error == Self.error)
    }

    @Test func `a divergence holds the execution until its next invocation`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1")])
        driver.finish(.held(Self.divergence))
        #expect(driver.readiness == .held)
        #expect(driver.execution.hold == Self.divergence)
        #expect(driver.kinds.suffix(2) == [.invocationCompleted, .executionHeld])
        driver.advance(by: 1_000)
        #expect(driver.readiness == .held, "nothing wakes it")
        #expect(driver.invoke().count == 2)
        #expect(driver.readiness == .inFlight)
        #expect(driver.execution.hold == nil)
    }

    @Test func `a divergence says what the history holds and what the handler asked for`() {
        #expect(
            Self.divergence.error.message
                == "The history holds STEP 'charge' at operation 1, and the handler asked for STEP 'refund'.")
        #expect(Self.divergence.error.type == "NonDeterministicExecution")
    }

    @Test func `what an earlier invocation says changes nothing`() {
        let driver = EngineDriver.invoked()
        driver.finish(.interrupted)
        _ = driver.invoke()
        let count = driver.records.count
        driver.finish(.succeeded(result: nil), invocation: 1)
        #expect(driver.records.count == count)
        #expect(driver.readiness == .inFlight)
    }

    @Test func `a stop ends the execution and cancels its invocation, whose end still follows`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1")])
        let end = driver.now
        #expect(try driver.stop() == StopReply(endTime: end))
        #expect(driver.effects == [.cancelInvocation, .executionEnded])
        #expect(driver.execution.status == .stopped)
        #expect(driver.execution.error?.message == "Execution stopped by user request")
        driver.advance(by: 5_000)
        #expect(driver.kinds.last == .executionStopped, "the timers of an ended execution are discarded")
        driver.finish(.pending)
        #expect(driver.kinds.suffix(2) == [.executionStopped, .invocationCompleted])
        #expect(try driver.stop() == StopReply(endTime: end), "a second stop changes nothing")
        #expect(driver.execution.operationCount == 1)
    }

    @Test func `a stop between invocations cancels none`() throws {
        let driver = EngineDriver.started()
        _ = try driver.stop(Self.error)
        #expect(driver.effects == [.executionEnded])
        #expect(driver.execution.error == Self.error)
    }

    @Test func `an error too long to record is cut`() {
        var limits = Limits.embedded
        limits.errorLengthMax = 11
        let driver = EngineDriver.invoked(limits: limits)
        driver.finish(.failed(ErrorObject(message: "naïve and long", type: "Declined", stackTrace: ["f"])))
        #expect(driver.execution.error == ErrorObject(message: "na", type: "Declined"))
    }
}
