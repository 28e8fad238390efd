import ExecutionModel
import Testing

@testable import ExecutionEngine

/// The state tables of SPEC.md §5: what each update comes to in each state.
@Suite struct OperationTests {
    /// Brings operation `1` of the type into the state.
    static func driver(_ type: OperationType, _ status: OperationStatus?) throws -> EngineDriver {
        let driver = EngineDriver.invoked()
        guard let status else { return driver }
        switch (type, status) {
        case (.step, .started): try driver.checkpoint([.step("1", .start)])
        case (.step, .pending), (.step, .ready):
            try driver.checkpoint([.step("1", .start), .step("1", .retry, error: failure, delay: 1_000)])
            if status == .ready { driver.advance(by: 1_000) }
        case (.step, .succeeded): try driver.checkpoint([.step("1", .start), .step("1", .succeed)])
        case (.step, .failed): try driver.checkpoint([.step("1", .start), .step("1", .fail)])
        case (.context, .started): try driver.checkpoint([.context("1", .start)])
        case (.context, .succeeded): try driver.checkpoint([.context("1", .start), .context("1", .succeed)])
        case (.context, .failed): try driver.checkpoint([.context("1", .start), .context("1", .fail)])
        case (.wait, .started): try driver.checkpoint([.wait("1")])
        case (.wait, .succeeded):
            try driver.checkpoint([.wait("1")])
            driver.advance(by: 1_000)
        case (.wait, .cancelled):
            try driver.checkpoint([.wait("1")])
            try driver.checkpoint([.wait("1", .cancel)])
        case (.callback, .started): try driver.checkpoint([.callback("1")])
        case (.callback, .succeeded):
            try driver.checkpoint([.callback("1")])
            try driver.answer(0, .succeed(nil))
        case (.callback, .failed):
            try driver.checkpoint([.callback("1")])
            try driver.answer(0, .fail(nil))
        case (.callback, .timedOut):
            try driver.checkpoint([.callback("1", timeout: 1_000)])
            driver.advance(by: 1_000)
        case (.chainedInvoke, _):
            try driver.checkpoint([.invoke("1", "charge", timeout: 1_000)])
            try driver.endChild(of: "1", status)
        default: Issue.record("no way to \(type) \(status)")
        }
        #expect(driver.execution.operation(OperationID("1"))?.status == status)
        return driver
    }

    static let failure = ErrorObject(message: "no", type: "Declined")

    /// What an update came to: the status of operation `1` after it, or the message of its refusal.
    static func outcome(_ driver: EngineDriver, _ update: OperationUpdate) -> String {
        let recorded = driver.records.count
        do {
            try driver.checkpoint([update])
            return driver.execution.operation(OperationID("1")).map { "\($0.status)" } ?? "absent"
        } catch {
            #expect(driver.records.count == recorded, "a refusal records nothing")
            #expect(error.code == .invalidParameterValue)
            return error.message
        }
    }

    static let updates: [(OperationType, OperationAction, OperationUpdate)] = [
        (.step, .start, .step("1", .start)), (.step, .succeed, .step("1", .succeed, payload: "1")),
        (.step, .fail, .step("1", .fail, error: failure)),
        (.step, .retry, .step("1", .retry, error: failure, delay: 1_000)), (.step, .cancel, .step("1", .cancel)),
        (.context, .start, .context("1", .start)), (.context, .succeed, .context("1", .succeed, payload: "1")),
        (.context, .fail, .context("1", .fail, error: failure)), (.context, .retry, .context("1", .retry)),
        (.context, .cancel, .context("1", .cancel)),
        (.wait, .start, .wait("1")), (.wait, .succeed, .wait("1", .succeed)), (.wait, .fail, .wait("1", .fail)),
        (.wait, .retry, .wait("1", .retry)), (.wait, .cancel, .wait("1", .cancel)),
        (.callback, .start, .callback("1")), (.callback, .succeed, .callback("1", .succeed)),
        (.callback, .fail, .callback("1", .fail)), (.callback, .retry, .callback("1", .retry)),
        (.callback, .cancel, .callback("1", .cancel)),
        (.chainedInvoke, .start, .invoke("1", "charge")), (.chainedInvoke, .succeed, .invoke("1", .succeed)),
        (.chainedInvoke, .fail, .invoke("1", .fail)), (.chainedInvoke, .retry, .invoke("1", .retry)),
        (.chainedInvoke, .cancel, .invoke("1", .cancel)),
    ]

    /// The states in which each action is accepted, the status that it leads to, and the words that refuse it elsewhere.
    static let table: [(OperationType, OperationAction, accepted: [OperationStatus?], OperationStatus, String)] = [
        (.step, .start, [nil, .ready], .started, "Invalid current STEP state to start."),
        (.step, .succeed, [nil, .started, .ready], .succeeded, "Invalid current STEP state to close."),
        (.step, .fail, [nil, .started, .ready], .failed, "Invalid current STEP state to close."),
        (.step, .retry, [nil, .started, .ready], .pending, "Invalid current STEP state to re-attempt."),
        (.step, .cancel, [], .started, "Invalid action for the given operation type."),
        (.context, .start, [nil], .started, "Cannot start a CONTEXT that already exist."),
        (.context, .succeed, [nil, .started], .succeeded, "Invalid current CONTEXT state to close."),
        (.context, .fail, [nil, .started], .failed, "Invalid current CONTEXT state to close."),
        (.context, .retry, [], .started, "Invalid action for the given operation type."),
        (.context, .cancel, [], .started, "Invalid action for the given operation type."),
        (.wait, .start, [nil], .started, "Cannot start a WAIT that already exist."),
        (.wait, .succeed, [], .started, "Invalid action for the given operation type."),
        (.wait, .fail, [], .started, "Invalid action for the given operation type."),
        (.wait, .retry, [], .started, "Invalid action for the given operation type."),
        (.wait, .cancel, [.started], .cancelled, "Cannot cancel a WAIT that does not exist or has already completed."),
        (.callback, .start, [nil], .started, "Cannot start a CALLBACK that already exist."),
        (.callback, .succeed, [], .started, "Invalid action for the given operation type."),
        (.callback, .fail, [], .started, "Invalid action for the given operation type."),
        (.callback, .retry, [], .started, "Invalid action for the given operation type."),
        (.callback, .cancel, [], .started, "Invalid action for the given operation type."),
        (
            .chainedInvoke, .start, [nil], .started,
            "Cannot start a CHAINED_INVOKE operation that already exists."
        ),
        (.chainedInvoke, .succeed, [], .started, "Invalid action for the given operation type."),
        (.chainedInvoke, .fail, [], .started, "Invalid action for the given operation type."),
        (.chainedInvoke, .retry, [], .started, "Invalid action for the given operation type."),
        (.chainedInvoke, .cancel, [], .started, "Invalid action for the given operation type."),
    ]

    static let statuses: [OperationType: [OperationStatus?]] = [
        .step: [nil, .started, .pending, .ready, .succeeded, .failed],
        .context: [nil, .started, .succeeded, .failed],
        .wait: [nil, .started, .succeeded, .cancelled],
        .callback: [nil, .started, .succeeded, .failed, .timedOut],
        .chainedInvoke: [nil, .started, .succeeded, .failed, .timedOut, .stopped],
    ]

    @Test(arguments: table.indices)
    func `an update is accepted in the states of its table and refused in the others`(row: Int) throws {
        let (type, action, accepted, result, refusal) = Self.table[row]
        let update = try #require(Self.updates.first { $0.0 == type && $0.1 == action }).2
        for status in try #require(Self.statuses[type]) {
            let outcome = Self.outcome(try Self.driver(type, status), update)
            #expect(
                outcome == (accepted.contains(status) ? "\(result)" : refusal), "in \(status.map { "\($0)" } ?? "-")")
        }
    }

    @Test(
        arguments: [
            (.step("1", .succeed, error: failure), "Cannot provide an Error for SUCCEED action."),
            (.step("1", .fail, payload: "1"), "Cannot provide a Payload for FAIL action."),
            (.step("1", .retry, error: failure), "Invalid StepOptions for the given action."),
            (
                .step("1", .retry, payload: "1", error: failure, delay: 1),
                "Cannot provide both error and payload to RETRY a STEP."
            ),
            (.context("1", .succeed, error: failure), "Cannot provide an Error for SUCCEED action."),
            (.context("1", .fail, payload: "1"), "Cannot provide a Payload for FAIL action."),
            (.wait("1", duration: nil), "Invalid WaitOptions for the given action."),
            (.execution(.succeed, error: failure), "Cannot provide an Error for SUCCEED action."),
            (.execution(.fail, payload: "1"), "Cannot provide a Payload for FAIL action."),
            (.execution(.start), "Invalid action for the given operation type."),
            (
                OperationUpdate(OperationIdentity(id: OperationID("1"), type: .chainedInvoke), .start),
                "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions."
            ),
        ] as [(OperationUpdate, String)])
    func `what an update may not carry is named`(update: OperationUpdate, message: String) {
        #expect(Self.outcome(.invoked(), update) == message)
    }

    @Test func `a step counts its attempts and keeps a poll's state until the next`() throws {
        let driver = EngineDriver.invoked()
        func step() throws -> Operation { try #require(driver.execution.operation(OperationID("1"))) }

        let startTime = driver.now
        try driver.checkpoint([.step("1", .start)])
        #expect(try step().details == .step(attempt: 0, nextAttemptTime: nil))

        driver.advance(by: 10)
        try driver.checkpoint([.step("1", .retry, payload: "7", delay: 500)])
        #expect(try step().details == .step(attempt: 1, nextAttemptTime: driver.now.adding(Milliseconds(500))))
        #expect(try step().result == .inline(Array("7".utf8)))

        driver.advance(by: 500)
        #expect(try step().status == .ready)
        #expect(try step().details == .step(attempt: 1, nextAttemptTime: nil))

        try driver.checkpoint([.step("1", .start)])
        #expect(try step().result == .inline(Array("7".utf8)), "an attempt that crashes goes on from the poll's state")

        try driver.checkpoint([.step("1", .retry, error: Self.failure, delay: 500)])
        #expect(try step().error == Self.failure)
        #expect(try step().result == nil)

        driver.advance(by: 500)
        try driver.checkpoint([.step("1", .start), .step("1", .succeed, payload: "9")])
        #expect(try step().details == .step(attempt: 3, nextAttemptTime: nil))
        #expect(try step().result == .inline(Array("9".utf8)))
        #expect(try step().error == nil)
        #expect(try step().startTime == startTime)
        #expect(try step().endTime == driver.now)
    }
}
