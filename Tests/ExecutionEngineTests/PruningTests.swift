import ExecutionModel
import Testing

@testable import ExecutionEngine

/// What lies below a context that has ended and is not replayed: no handler looks at it again. SPEC.md, "Checkpoints".
@Suite struct PruningTests {
    private func row(_ driver: EngineDriver, _ id: String) throws -> Operation {
        try #require(driver.execution.operation(OperationID(id)))
    }

    private func outcome(_ driver: EngineDriver, _ id: String) throws -> String? {
        let row = try row(driver, id)
        guard case .inline(let bytes)? = row.result else { return row.error?.type }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        arguments: [
            (.context("1", .succeed, payload: "sum"), "sum", nil, nil),
            (.context("1", .succeed, payload: "sum", replayChildren: false), "sum", nil, nil),
            (.context("1", .succeed, payload: "sum", replayChildren: true), "sum", "5", "Declined"),
            (.context("1", .fail, error: InvocationTests.error), "Declined", nil, nil),
        ] as [(OperationUpdate, String, String?, String?)])
    func `what operations came to is dropped with the end of their context, unless they are replayed`(
        end: OperationUpdate, own: String, succeeded: String?, failed: String?
    ) throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([
            .context("1", .start), .step("1-1", .succeed, parent: "1", payload: "5"),
            .step("1-2", .fail, parent: "1", error: InvocationTests.error),
            .step("2", .succeed, payload: "6"),
        ])
        #expect(try outcome(driver, "1-1") == "5")
        let metered = driver.execution.meteredByteCount
        try driver.checkpoint([end])
        #expect(try outcome(driver, "1") == own)
        #expect(try outcome(driver, "1-1") == succeeded)
        #expect(try outcome(driver, "1-2") == failed)
        #expect(try outcome(driver, "2") == "6")
        #expect(try row(driver, "1-1").status == .succeeded)
        let length = (end.payload?.count ?? 0) + (end.error?.byteCount ?? 0)
        #expect(driver.execution.meteredByteCount == metered + length, "what was recorded counts on")
    }

    @Test func `a context within hides what lies below it, at any depth and in any order of ends`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([
            .context("1", .start), .context("1-1", .start, parent: "1"), .context("1-1-1", .start, parent: "1-1"),
            .step("1-1-1-1", .succeed, parent: "1-1-1", payload: "a"),
            .step("1-1-2", .succeed, parent: "1-1", payload: "b"),
            .context("1-2", .start, parent: "1"), .step("1-2-1", .succeed, parent: "1-2", payload: "c"),
        ])
        try driver.checkpoint([.context("1-1", .succeed, payload: "d", replayChildren: true)])
        #expect(try ["1-1-1-1", "1-1-2", "1-1"].map { try outcome(driver, $0) } == ["a", "b", "d"])
        try driver.checkpoint([.context("1-1-1", .succeed, payload: "e")])
        #expect(try ["1-1-1-1", "1-1-2", "1-1-1"].map { try outcome(driver, $0) } == [nil, "b", "e"])
        try driver.checkpoint([.context("1", .succeed, payload: "f")])
        for id in ["1-1", "1-1-1", "1-1-1-1", "1-1-2", "1-2-1"] { #expect(try outcome(driver, id) == nil, "\(id)") }
        // One that was open when its own context ended keeps nothing when it ends after it.
        try driver.checkpoint([.context("1-2", .succeed, payload: "g")])
        #expect(try outcome(driver, "1-2") == nil)
        #expect(try outcome(driver, "1") == "f")
        #expect(driver.invoke(after: .interrupted).map(\.identity.id.rawValue).dropFirst() == ["1"])
    }

    /// Operations of a closed context, and how time or somebody outside completes them.
    static let completions: [(OperationUpdate, @Sendable (EngineDriver) throws -> Void, EventKind)] = [
        (.step("1-1", .retry, parent: "1", payload: "5", delay: 500), { $0.advance(by: 500) }, .stepReady),
        (.wait("1-1", parent: "1", duration: 500), { $0.advance(by: 500) }, .waitSucceeded),
        (.callback("1-1", parent: "1"), { try $0.answer(1, .succeed([1])) }, .callbackSucceeded),
        (.callback("1-1", parent: "1"), { try $0.answer(1, .fail(InvocationTests.error)) }, .callbackFailed),
        (.callback("1-1", parent: "1", timeout: 500), { $0.advance(by: 500) }, .callbackTimedOut),
        (.callback("1-1", parent: "1", heartbeat: 500), { $0.advance(by: 500) }, .callbackTimedOut),
        (
            .invoke("1-1", "charge", parent: "1"), { try $0.endChild(of: "1-1", .succeeded, result: "5") },
            .chainedInvokeSucceeded
        ),
        (
            .invoke("1-1", "charge", parent: "1"),
            { try $0.endChild(of: "1-1", .failed, error: InvocationTests.error) },
            .chainedInvokeFailed
        ),
        (.invoke("1-1", "charge", parent: "1"), { try $0.endChild(of: "1-1", .stopped) }, .chainedInvokeStopped),
        (
            .invoke("1-1", "charge", parent: "1", timeout: 500), { try $0.endChild(of: "1-1", .timedOut) },
            .chainedInvokeTimedOut
        ),
    ]

    @Test(arguments: completions.indices)
    func `what completes below it is recorded, and wakes nobody`(index: Int) throws {
        let (update, complete, kind) = Self.completions[index]
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), update, .wait("2", duration: 60_000)])
        try driver.checkpoint([.context("1", .succeed)])
        driver.finish(.pending)
        try complete(driver)
        #expect(driver.kinds.last == kind)
        #expect(try outcome(driver, "1-1") == (kind == .stepReady ? "5" : nil), "a poll that goes on keeps its state")
        #expect(driver.readiness == .waiting)
        #expect(!driver.execution.hasUnseenChanges)
        // What lies beside the context does wake it.
        driver.advance(by: 60_000)
        #expect(driver.readiness == .runnable)
    }

    @Test(arguments: completions.indices)
    func `what completes below it while the handler runs is no news`(index: Int) throws {
        let (update, complete, kind) = Self.completions[index]
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), update, .wait("2", duration: 60_000)])
        try driver.checkpoint([.context("1", .succeed)])
        try complete(driver)
        #expect(driver.kinds.last == kind)
        #expect(!driver.execution.hasUnseenChanges)
        #expect(try driver.checkpoint([]).isEmpty)
        driver.finish(.pending)
        #expect(driver.readiness == .waiting)
    }

    /// Nothing could ever wake it.
    @Test(arguments: completions.indices)
    func `what is open below it is nothing to wait for`(index: Int) throws {
        let update = Self.completions[index].0
        for isLate in [false, true] {
            let driver = EngineDriver.invoked()
            var updates = [[.context("1", .start), update], [.context("1", .succeed)]]
            if isLate { updates = [[.context("1", .start), .context("1", .succeed)], [update]] }
            for update in updates { try driver.checkpoint(update) }
            driver.finish(.pending)
            #expect(driver.readiness == .runnable, "its handler has another try")
            guard case .invocationCompleted(.refused)? = driver.records.last?.event else {
                Issue.record("\(String(describing: driver.records.last?.event))")
                return
            }
        }
    }

    @Test func `what begins below it is told to the handler that began it`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), .context("1", .succeed), .wait("2", duration: 60_000)])
        let reply = try driver.checkpoint([
            .callback("1-1", parent: "1"), .step("1-2", .succeed, parent: "1", payload: "5"),
        ])
        #expect(reply.map(\.status) == [.started, .succeeded])
        #expect(reply.first?.details == .callback(callbackID: driver.callbackID(2)))
        #expect(try outcome(driver, "1-2") == nil)
        try driver.answer(2, .succeed([1]))
        driver.finish(.pending)
        #expect(driver.readiness == .waiting)
    }

    @Test func `a change that came before the end of the context is told with it, and nothing of it later`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), .callback("1-1", parent: "1"), .wait("2", duration: 60_000)])
        try driver.answer(1, .succeed([1]))
        let reply = try driver.checkpoint([.context("1", .succeed)])
        #expect(reply.map(\.identity.id.rawValue) == ["1", "1-1"])
        driver.finish(.pending)
        #expect(driver.readiness == .waiting)
    }
}

extension EngineDriver {
    fileprivate func invoke(after outcome: InvocationOutcome) -> [Operation] {
        finish(outcome)
        return invoke()
    }
}

extension OperationUpdate {
    fileprivate static func wait(_ id: String, parent: String, duration: Int64) -> OperationUpdate {
        var update = wait(id, duration: duration)
        update.identity.parentID = OperationID(parent)
        return update
    }

    fileprivate static func callback(
        _ id: String, parent: String, timeout: Int64? = nil, heartbeat: Int64? = nil
    ) -> OperationUpdate {
        var update = callback(id, timeout: timeout, heartbeat: heartbeat)
        update.identity.parentID = OperationID(parent)
        return update
    }
}
