import Indelible
import IndelibleTesting
import Testing

/// The histories of one wait for a callback that comes to nothing: AWS's conformance requirements 7-4 to 7-7, 7-12 and 7-14.
///
/// AWS leaves open what error the context of such a wait has. Here it is what the callback failed with, by whose type a
/// replay knows a timeout from a failure.
@Suite(.bothWays) struct WaitForCallbackFailureHistoryTests {
    static func function(
        _ ids: CallbackIDs, timeout: Duration? = nil, heartbeatTimeout: Duration? = nil
    ) -> DurableFunction<String, String> {
        DurableFunction("ask") { (name: String, context: DurableContext) in
            try await context.waitForCallback(name, timeout: timeout, heartbeatTimeout: heartbeatTimeout) { id, _ in
                ids.note(id)
            }
        }
    }

    /// Returns `fallback` when the callback comes to nothing.
    static func function(
        _ ids: CallbackIDs, timeout: Duration? = nil, fallback: String
    ) -> DurableFunction<String, String> {
        DurableFunction("ask") { (name: String, context: DurableContext) in
            do {
                return try await context.waitForCallback(name, timeout: timeout) { id, _ in ids.note(id) }
            } catch is CallbackError {
                return fallback
            }
        }
    }

    @Test func `7-4: a callback is failed and with it the execution`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackFailed 1-1 Callback 'question create callback id' in 1, error RejectedError: not approved
            8 1s ContextFailed 1 WaitForCallback 'question', error RejectedError: not approved
            9 1s InvocationCompleted, from 1s, error CallbackError: not approved
            10 1s ExecutionFailed, error CallbackError: not approved
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: CallbackHistoryTests.rejection)
        }
    }

    @Test func `7-5: nobody completes a callback in time`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, timeout: .seconds(3)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1, timeout 3s
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 3s CallbackTimedOut 1-1 Callback 'question create callback id' in 1, \
            error Callback.Timeout: Callback timed out
            8 3s ContextFailed 1 WaitForCallback 'question', error Callback.Timeout: Callback timed out
            9 3s InvocationCompleted, from 3s, error CallbackError: Callback timed out
            10 3s ExecutionFailed, error CallbackError: Callback timed out
            """)
    }

    @Test func `7-6: a handler catches the error of a callback that is failed`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, fallback: "recovered"), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackFailed 1-1 Callback 'question create callback id' in 1, error RejectedError: not approved
            8 1s ContextFailed 1 WaitForCallback 'question', error RejectedError: not approved
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "recovered"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: CallbackHistoryTests.rejection)
        }
    }

    struct Unreachable: Error, CustomStringConvertible {
        var description: String { "the desk is closed" }
    }

    @Test func `7-7: a callback cannot be submitted, and stays open`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) -> String in
            try await context.waitForCallback(name, retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { id, _ in
                ids.note(id)
                throw Unreachable()
            }
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepFailed 1-2 Step 'question submitter' in 1, attempt 1, next in 1s, \
            error Unreachable: the desk is closed
            6 0s InvocationCompleted, from 0s
            7 1s StepStarted 1-2 Step 'question submitter' in 1
            8 1s StepFailed 1-2 Step 'question submitter' in 1, attempt 2, error Unreachable: the desk is closed
            9 1s ContextFailed 1 WaitForCallback 'question', error Callback.Submitter: the desk is closed
            10 1s InvocationCompleted, from 1s, error CallbackError: the desk is closed
            11 1s ExecutionFailed, error CallbackError: the desk is closed
            """)
    }

    @Test func `7-12: nobody sends a heartbeat in time`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, heartbeatTimeout: .seconds(5)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1, heartbeat 5s
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 5s CallbackTimedOut 1-1 Callback 'question create callback id' in 1, \
            error Callback.Heartbeat: Callback timed out on heartbeat
            8 5s ContextFailed 1 WaitForCallback 'question', error Callback.Heartbeat: Callback timed out on heartbeat
            9 5s InvocationCompleted, from 5s, error CallbackError: Callback timed out on heartbeat
            10 5s ExecutionFailed, error CallbackError: Callback timed out on heartbeat
            """)
    }

    @Test func `7-14: a handler catches the error of a callback that times out`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, timeout: .seconds(3), fallback: "timed-out-handled"), input: "question",
            callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1, timeout 3s
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 3s CallbackTimedOut 1-1 Callback 'question create callback id' in 1, \
            error Callback.Timeout: Callback timed out
            8 3s ContextFailed 1 WaitForCallback 'question', error Callback.Timeout: Callback timed out
            9 3s InvocationCompleted, from 3s
            10 3s ExecutionSucceeded, payload "timed-out-handled"
            """)
    }
}
