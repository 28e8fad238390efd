import ExecutionModel
import Testing

@testable import ExecutionEngine

/// The state table of SPEC.md, "Pause".
@Suite struct PauseTests {
    static let error = InvocationTests.error

    /// Where an execution without an invocation in flight may stand.
    enum Situation { case neverInvoked, suspended, wakened, backingOff, held }

    static func driver(_ situation: Situation) throws -> EngineDriver {
        let driver = EngineDriver.started()
        switch situation {
        case .neverInvoked: break
        case .suspended: try suspend(driver, [.wait("1"), .callback("2")])
        case .wakened:
            try suspend(driver, [.wait("1")])
            driver.advance(by: 1_000)
        case .backingOff:
            _ = driver.invoke()
            driver.finish(.crashed(error))
        case .held:
            _ = driver.invoke()
            driver.finish(.held(InvocationTests.divergence))
        }
        return driver
    }

    static func suspend(_ driver: EngineDriver, _ updates: [OperationUpdate]) throws {
        _ = driver.invoke()
        try driver.checkpoint(updates)
        driver.finish(.pending)
    }

    /// An execution that is PAUSING: its invocation has begun wait `1` and callback `2`.
    static func pausing(timeout: Milliseconds? = nil) throws -> EngineDriver {
        let driver = EngineDriver.invoked(timeout: timeout)
        try driver.checkpoint([.wait("1"), .callback("2")])
        try driver.pause()
        return driver
    }

    /// The kinds of what `body` records.
    static func kinds(_ driver: EngineDriver, _ body: () throws -> Void) rethrows -> [EventKind] {
        let count = driver.records.count
        try body()
        return Array(driver.kinds.dropFirst(count))
    }

    @Test(
        arguments: [
            (.neverInvoked, .runnable), (.suspended, .waiting), (.wakened, .runnable), (.backingOff, .waiting),
            (.held, .held),
        ] as [(Situation, Readiness)])
    func `without an invocation in flight it pauses at once, and goes on from there when it is resumed`(
        situation: Situation, resumed: Readiness
    ) throws {
        let driver = try Self.driver(situation)
        let phase = driver.execution.phase
        #expect(try Self.kinds(driver) { try driver.pause() } == [.executionPauseRequested, .executionPaused])
        #expect(driver.execution.status == .paused)
        #expect(driver.readiness == .paused)
        #expect(driver.execution.phase == phase)
        #expect(driver.effects.isEmpty)
        #expect(try Self.kinds(driver) { try driver.resume(reason: "done") } == [.executionResumed])
        #expect(driver.execution.status == .running)
        #expect(driver.execution.pauseRequest == nil)
        #expect(driver.readiness == resumed)
    }

    @Test func `with an invocation in flight it is pausing, and the invocation goes on`() throws {
        let driver = EngineDriver.invoked()
        let token = driver.execution.currentToken
        let request = PauseRequest(reason: "audit", pausesTimeout: false)
        #expect(try Self.kinds(driver) { try driver.pause(request) } == [.executionPauseRequested])
        #expect(driver.execution.status == .pausing)
        #expect(driver.readiness == .inFlight)
        #expect(driver.execution.currentToken == token)
        #expect(driver.execution.pauseRequest?.request == request)
        #expect(driver.execution.pauseRequest?.time == driver.now)
        #expect(driver.effects.isEmpty)
    }

    @Test(
        arguments: [
            ([], [.executionPaused]), ([.step("3", .start)], [.stepStarted, .executionPaused]),
            ([.wait("1", .cancel, duration: nil)], [.waitCancelled, .executionPaused]),
            ([.execution(.succeed)], [.executionSucceeded]), ([.execution(.fail)], [.executionFailed]),
        ] as [([OperationUpdate], [EventKind])])
    func `its next checkpoint is accepted and pauses it, unless it ends it`(
        updates: [OperationUpdate], kinds: [EventKind]
    ) throws {
        let driver = try Self.pausing()
        #expect(try Self.kinds(driver) { try driver.checkpoint(updates) } == kinds)
        #expect(driver.execution.status == (kinds.last == .executionPaused ? .paused : driver.execution.status))
        #expect(driver.execution.currentToken == nil)
        #expect(driver.readiness == (kinds.last == .executionPaused ? .inFlight : .ended))
    }

    @Test func `what is due comes before the pause, and its end instead of it`() throws {
        let driver = try Self.pausing(timeout: Milliseconds(2_000))
        driver.now = driver.now.adding(Milliseconds(1_000))
        #expect(
            try Self.kinds(driver) { try driver.checkpoint([.step("3", .start)]) }
                == [.stepStarted, .waitSucceeded, .executionPaused])
        let late = try Self.pausing(timeout: Milliseconds(2_000))
        late.now = late.now.adding(Milliseconds(2_000))
        #expect(try Self.kinds(late) { try late.checkpoint([]) } == [.waitSucceeded, .executionTimedOut])
        #expect(late.effects == [.cancelInvocation, .executionEnded])
    }

    @Test func `a refused checkpoint pauses nothing and leaves its token good`() throws {
        let driver = try Self.pausing()
        #expect(CheckpointTests.refusal(driver, [.wait("1")]) == "Cannot start a WAIT that already exist.")
        #expect(driver.execution.status == .pausing)
        try driver.checkpoint([])
        #expect(driver.execution.status == .paused)
    }

    @Test(
        arguments: [
            (.pending, [.invocationCompleted, .executionPaused], .paused),
            (.crashed(error), [.invocationCompleted, .executionPaused], .paused),
            (.interrupted, [.invocationCompleted, .executionPaused], .paused),
            (.held(InvocationTests.divergence), [.invocationCompleted, .executionHeld, .executionPaused], .paused),
            (.succeeded(result: nil), [.invocationCompleted, .executionSucceeded], .succeeded),
            (.failed(error), [.invocationCompleted, .executionFailed], .failed),
        ] as [(InvocationOutcome, [EventKind], ExecutionStatus)])
    func `the end of its invocation pauses it, unless it ends it`(
        outcome: InvocationOutcome, kinds: [EventKind], status: ExecutionStatus
    ) throws {
        let driver = try Self.pausing()
        #expect(Self.kinds(driver) { driver.finish(outcome) } == kinds)
        #expect(driver.execution.status == status)
        #expect(driver.readiness == (status == .paused ? .paused : .ended))
    }

    @Test func `an invocation that suspends with nothing pending is refused, and its execution paused`() throws {
        let driver = EngineDriver.invoked()
        try driver.pause()
        driver.finish(.pending)
        #expect(driver.kinds.suffix(2) == [.invocationCompleted, .executionPaused])
        #expect(driver.readiness == .paused)
        try driver.resume()
        #expect(driver.readiness == .runnable)
    }

    @Test func `a resumption takes back a pause that has not begun`() throws {
        let driver = try Self.pausing()
        let token = driver.execution.currentToken
        #expect(try Self.kinds(driver) { try driver.resume() } == [.executionPauseCancelled])
        #expect(driver.execution.status == .running)
        #expect(driver.execution.pauseRequest == nil)
        #expect(driver.execution.currentToken == token)
        try driver.checkpoint([.step("3", .start)])
        driver.finish(.succeeded(result: nil))
        #expect(driver.execution.status == .succeeded)
    }

    @Test func `what an execution waits for goes on in a pause, and wakes it when that is over`() throws {
        let driver = EngineDriver.invoked()
        driver.register("charge")
        try driver.checkpoint([
            .step("1", .start), .step("1", .retry, payload: "1", delay: 700), .wait("2"), .callback("3"),
            .callback("4", timeout: 900), .invoke("5", "charge"),
        ])
        driver.finish(.pending)
        try driver.pause()
        driver.advance(by: 1_000)
        try driver.answer(2, .heartbeat)
        try driver.answer(2, .succeed([1]))
        try driver.endChild(of: "5", .succeeded)
        #expect(driver.execution.operations.map(\.status) == [.ready, .succeeded, .succeeded, .timedOut, .succeeded])
        #expect(driver.readiness == .paused)
        #expect(driver.execution.nextDue == nil)
        try driver.resume()
        #expect(driver.readiness == .runnable)
        #expect(driver.invoke().dropFirst().map(\.status) == [.ready, .succeeded, .succeeded, .timedOut, .succeeded])
    }

    @Test func `a heartbeat in a pause is no reason to invoke`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.callback("1", heartbeat: 1_000)])
        driver.finish(.pending)
        try driver.pause()
        try driver.answer(0, .heartbeat)
        try driver.resume()
        #expect(driver.readiness == .waiting)
    }

    @Test func `the end of a back-off is nothing that happens in a pause`() throws {
        let driver = try Self.driver(.backingOff)
        #expect(driver.execution.nextDue != nil)
        try driver.pause()
        #expect(driver.execution.nextDue == nil)
        driver.now = driver.now.adding(Milliseconds(60_000))
        #expect(driver.readiness == .paused)
        try driver.resume()
        #expect(driver.readiness == .runnable)
    }
}
