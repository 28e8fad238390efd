import ExecutionModel
import Testing

@testable import ExecutionEngine

/// A cancellation asks the handler to end and changes nothing by itself. SPEC.md, "Execution".
@Suite struct CancellationTests {
    private func request(_ operation: Operation?) -> CancelRequest? {
        guard case .execution(_, let request) = operation?.details else { return nil }
        return request
    }

    @Test func `a suspended execution is wakened, and its own row says why`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1")])
        driver.finish(.pending)
        let request = CancelRequest(time: driver.now, reason: "sold out")
        try driver.cancel(reason: "sold out")
        #expect(driver.kinds.last == .executionCancelRequested)
        #expect(driver.execution.status == .running)
        #expect(driver.execution.cancelRequest == request)
        #expect(driver.readiness == .runnable)
        #expect(driver.effects.isEmpty, "no invocation is cut short, and nothing has ended")
        let rows = driver.invoke()
        #expect(self.request(rows.first) == request)
        #expect(rows.first?.status == .started)
        #expect(rows.map(\.identity.type) == [.execution, .wait])
        // The handler has seen it, and may wait on.
        driver.finish(.pending)
        #expect(driver.readiness == .waiting)
        #expect(self.request(driver.execution.executionRow) == request)
    }

    @Test func `an invocation in flight is told with its next checkpoint, once`() throws {
        let driver = EngineDriver.invoked()
        try driver.cancel()
        #expect(driver.execution.hasUnseenChanges)
        let reply = try driver.checkpoint([.step("1", .start)])
        #expect(reply.map(\.identity.type) == [.execution, .step])
        #expect(request(reply.first) == CancelRequest(time: driver.now, reason: nil))
        #expect(try driver.checkpoint([.step("1", .succeed)]).map(\.identity.type) == [.step])
    }

    @Test func `a handler that suspends without having seen it is invoked again`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1")])
        try driver.cancel()
        driver.finish(.pending)
        #expect(driver.records.last?.event == .invocationCompleted(.suspended(unseenChanges: true)))
        #expect(driver.readiness == .runnable)
    }

    @Test func `an execution ends as its handler decides`() throws {
        for (outcome, status) in [
            (.succeeded(result: nil), .succeeded), (.failed(ErrorObject(type: "Cancelled")), .failed),
        ] as [(InvocationOutcome, ExecutionStatus)] {
            let driver = EngineDriver.invoked()
            try driver.cancel()
            driver.finish(outcome)
            #expect(driver.execution.status == status)
            #expect(driver.execution.cancelRequest != nil, "the record goes on saying that it was asked")
        }
    }

    @Test func `one request is all there is, and none comes after the end`() throws {
        let driver = EngineDriver.invoked()
        try driver.cancel(reason: "first")
        let count = driver.records.count
        driver.now = driver.now.adding(Milliseconds(10))
        try driver.cancel(reason: "second")
        #expect(driver.records.count == count)
        #expect(driver.execution.cancelRequest?.reason == "first")
        for status in [.succeeded, .failed, .timedOut, .stopped] as [ExecutionStatus] {
            let ended = try PauseCommandTests.driver(status)
            let count = ended.records.count
            try ended.cancel()
            #expect(ended.records.count == count)
            #expect(ended.execution.cancelRequest == nil)
        }
    }

    @Test func `it is heard before the first invocation, in a pause, in a back-off and in a hold`() throws {
        for (situation, before, after) in [
            (.neverInvoked, .runnable, .runnable), (.suspended, .waiting, .runnable), (.backingOff, .waiting, .waiting),
            (.held, .held, .held),
        ] as [(PauseTests.Situation, Readiness, Readiness)] {
            let driver = try PauseTests.driver(situation)
            #expect(driver.readiness == before)
            try driver.cancel()
            #expect(driver.readiness == after, "\(situation)")
            let paused = try PauseTests.driver(situation)
            try paused.pause()
            try paused.cancel()
            #expect(paused.readiness == .paused)
            try paused.resume()
            #expect(paused.readiness == after, "\(situation), paused")
        }
        let pausing = try PauseTests.pausing()
        try pausing.cancel()
        #expect(pausing.execution.status == .pausing)
        #expect(request(try pausing.checkpoint([]).first) != nil)
    }

    @Test func `an invocation that dies unheard is followed by one that hears`() throws {
        let driver = EngineDriver.invoked()
        try driver.cancel(reason: "sold out")
        driver.finish(.interrupted)
        #expect(request(driver.invoke().first)?.reason == "sold out")
    }

    @Test func `a history shows it on request, without a number`() throws {
        let driver = EngineDriver.started()
        try driver.cancel(reason: "sold out")
        #expect(try HistoryProjection.history(of: driver.records).count == 1)
        let history = try HistoryProjection.history(of: driver.records, includesInternal: true)
        #expect(history.map(\.typeName) == ["ExecutionStarted", "ExecutionCancelRequested"])
        #expect(history.last?.eventID == nil)
        #expect(history.last?.details == .executionCancelRequested(reason: "sold out"))
    }
}
