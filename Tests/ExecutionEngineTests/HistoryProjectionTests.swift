import ExecutionModel
import Testing

@testable import ExecutionEngine

@Suite struct HistoryProjectionTests {
    @Test func `a history has AWS's events with their details and numbers`() throws {
        let driver = EngineDriver.started(timeout: Milliseconds(60_000))
        let start = driver.now
        _ = driver.invoke()
        try driver.checkpoint([
            .context("1", .start), .step("1-1", .start, parent: "1"),
            .step("1-1", .retry, parent: "1", error: OperationTests.failure, delay: 2_000),
            .callback("2", timeout: 5_000, heartbeat: 3_000), .wait("3", duration: 9_000),
        ])
        driver.finish(.pending)
        driver.advance(by: 2_000)
        _ = driver.invoke()
        try driver.answer(2, .heartbeat)
        try driver.answer(2, .succeed([7]))
        try driver.checkpoint([.step("1-1", .start), .step("1-1", .succeed, payload: "9"), .context("1", .succeed)])
        driver.finish(.succeeded(result: [8]))

        let history = try HistoryProjection.history(of: driver.records)
        let step = try #require(history.first { $0.details == .stepStarted }?.operation)
        #expect(
            step
                == OperationIdentity(id: OperationID("1-1"), parentID: OperationID("1"), type: .step, subType: "Step"))
        let request = RandomBits(high: 1, low: 2)
        let later = start.adding(Milliseconds(2_000))
        let callback = driver.callbackID(2)
        #expect(
            history.map(\.details) == [
                .executionStarted(input: .inline(Array("{}".utf8)), timeout: Milliseconds(60_000)),
                .contextStarted,
                .stepStarted,
                .stepFailed(
                    error: OperationTests.failure,
                    retry: HistoryEvent.Retry(currentAttempt: 1, nextAttemptDelay: Milliseconds(2_000))),
                .callbackStarted(
                    callbackID: callback, timeout: Milliseconds(5_000), heartbeatTimeout: Milliseconds(3_000)),
                .waitStarted(duration: Milliseconds(9_000), scheduledEndTime: start.adding(Milliseconds(9_000))),
                .invocationCompleted(start: start, end: start, requestID: request, error: nil),
                .callbackSucceeded(result: .inline([7])),
                .stepStarted,
                .stepSucceeded(
                    result: .inline(Array("9".utf8)),
                    retry: HistoryEvent.Retry(currentAttempt: 2, nextAttemptDelay: nil)),
                .contextSucceeded(result: nil),
                .invocationCompleted(start: later, end: later, requestID: request, error: nil),
                .executionSucceeded(result: .inline([8])),
            ])
        #expect(history.map(\.eventID) == (1...13).map { $0 })
    }

    @Test func `internal facts have no number and are shown on request`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.callback("1", heartbeat: 1_000)])
        try driver.answer(0, .heartbeat)
        driver.finish(.held(InvocationTests.divergence))
        let history = try HistoryProjection.history(of: driver.records, includesInternal: true)
        #expect(
            history.map(\.typeName) == [
                "ExecutionStarted", "InvocationStarted", "CallbackStarted", "CallbackHeartbeat", "InvocationCompleted",
                "ExecutionHeld",
            ])
        #expect(history.map(\.eventID) == [1, nil, 2, nil, 3, nil])
        #expect(history.map(\.sequence) == [1, 2, 3, 4, 5, 6])
    }
}
