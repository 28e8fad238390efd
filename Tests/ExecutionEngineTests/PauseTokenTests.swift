import ExecutionModel
import Testing

@testable import ExecutionEngine

/// A pause takes back the tokens of an invocation in flight: nothing that it still says is heard.
@Suite struct PauseTokenTests {
    /// A paused execution whose invocation, the first, has begun wait `1` and is still in flight.
    static func revoked() throws -> (EngineDriver, spent: CheckpointToken, CheckpointToken) {
        let driver = EngineDriver.invoked()
        let spent = try #require(driver.execution.currentToken)
        try driver.pause()
        try driver.checkpoint([.wait("1")])
        var next = spent
        next.sequence += 1
        return (driver, spent, next)
    }

    static func expectNoTokenIsGood(_ driver: EngineDriver, _ tokens: [CheckpointToken]) {
        let count = driver.records.count
        for token in tokens {
            #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: token) }
        }
        #expect(driver.execution.currentToken == nil)
        #expect(driver.records.count == count)
    }

    @Test func `no token is good until the invocation has ended, whether or not the pause has`() throws {
        let (driver, spent, next) = try Self.revoked()
        Self.expectNoTokenIsGood(driver, [spent, next])
        try driver.resume()
        #expect(driver.readiness == .inFlight)
        Self.expectNoTokenIsGood(driver, [spent, next])
        driver.finish(.pending)
        Self.expectNoTokenIsGood(driver, [spent, next])
        _ = driver.invoke()
        #expect(driver.execution.currentToken?.invocation == 2)
        try driver.checkpoint([.step("2", .start)])
    }

    @Test(
        arguments: [
            (.pending, .suspended(unseenChanges: true)), (.succeeded(result: [9]), .suspended(unseenChanges: true)),
            (.failed(InvocationTests.error), .suspended(unseenChanges: true)),
            (.crashed(InvocationTests.error), .crashed(error: InvocationTests.error, retryDelay: Milliseconds(1_000))),
            (.interrupted, .crashed(error: .processEnded, retryDelay: Milliseconds(0))),
        ] as [(InvocationOutcome, InvocationEnd)])
    func `what the invocation comes to is found again by the next, but for a crash`(
        outcome: InvocationOutcome, end: InvocationEnd
    ) throws {
        for isResumed in [false, true] {
            let (driver, _, _) = try Self.revoked()
            if isResumed { try driver.resume() }
            driver.finish(outcome)
            #expect(driver.records.last?.event == .invocationCompleted(end))
            #expect(driver.execution.status == (isResumed ? .running : .paused))
            if !isResumed {
                #expect(driver.readiness == .paused)
                try driver.resume()
            }
            if case .crashed(_, let delay) = end { driver.now = driver.now.adding(delay) }
            #expect(driver.readiness == .runnable)
        }
    }

    @Test func `a divergence of such an invocation holds the execution`() throws {
        let (driver, _, _) = try Self.revoked()
        driver.finish(.held(InvocationTests.divergence))
        #expect(driver.kinds.suffix(2) == [.invocationCompleted, .executionHeld])
        #expect(driver.readiness == .paused)
        try driver.resume()
        #expect(driver.readiness == .held)
    }

    @Test func `a second pause in such an invocation begins with its end`() throws {
        let (driver, _, _) = try Self.revoked()
        try driver.resume()
        try driver.pause()
        #expect(driver.execution.status == .pausing)
        driver.finish(.succeeded(result: nil))
        #expect(driver.kinds.suffix(2) == [.invocationCompleted, .executionPaused])
        #expect(driver.execution.status == .paused)
        try driver.resume()
        #expect(driver.readiness == .runnable)
    }

    @Test func `what is due while its invocation is in flight waits for the next`() throws {
        let (driver, _, _) = try Self.revoked()
        driver.advance(by: 1_000)
        #expect(driver.execution.operation(OperationID("1"))?.status == .succeeded)
        try driver.resume()
        #expect(driver.readiness == .inFlight)
        driver.finish(.succeeded(result: nil))
        #expect(driver.invoke().last?.status == .succeeded)
        driver.finish(.succeeded(result: nil))
        #expect(driver.execution.status == .succeeded, "the second invocation may end it")
    }

    @Test func `a pause without an invocation takes no tokens back`() throws {
        let driver = EngineDriver.started()
        try driver.pause()
        try driver.resume()
        _ = driver.invoke()
        #expect(driver.execution.currentToken != nil)
        driver.finish(.succeeded(result: nil))
        #expect(driver.execution.status == .succeeded)
    }
}
