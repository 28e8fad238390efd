import Indelible
import IndelibleTesting
import Testing

/// The histories of one callback: AWS's conformance requirements 4-1 to 4-8.
@Suite(.bothWays) struct CallbackHistoryTests {
    /// What whoever was to answer reports.
    static let rejection = RecordedError(type: "RejectedError", message: "not approved")

    /// Opens a callback that is named by the input, and waits for what it is completed with.
    static func function(
        _ ids: CallbackIDs, timeout: Duration? = nil, heartbeatTimeout: Duration? = nil
    ) -> DurableFunction<String, String> {
        DurableFunction("ask") { (name: String, context: DurableContext) in
            let callback = try await context.createCallback(
                name, of: String.self, timeout: timeout, heartbeatTimeout: heartbeatTimeout)
            ids.note(callback.id)
            return try await callback.result()
        }
    }

    @Test func `4-1: a callback is completed`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackSucceeded 1 Callback 'question', payload "answer"
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `4-2: a callback has a name`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (context: DurableContext) in
            let callback = try await context.createCallback("approval", of: String.self)
            ids.note(callback.id)
            return try await callback.result()
        }
        try await expectHistory(
            of: function, callbacks: ids,
            """
            1 0s ExecutionStarted, payload none
            2 0s CallbackStarted 1 Callback 'approval', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackSucceeded 1 Callback 'approval', payload "answer"
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `4-3: nobody completes a callback in time`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, timeout: .seconds(5)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1, timeout 5s
            3 0s InvocationCompleted, from 0s
            4 5s CallbackTimedOut 1 Callback 'question', error Callback.Timeout: Callback timed out
            5 5s InvocationCompleted, from 5s, error CallbackError: Callback timed out
            6 5s ExecutionFailed, error CallbackError: Callback timed out
            """)
    }

    @Test func `4-4: nobody sends a heartbeat in time`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, heartbeatTimeout: .seconds(5)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1, heartbeat 5s
            3 0s InvocationCompleted, from 0s
            4 5s CallbackTimedOut 1 Callback 'question', error Callback.Heartbeat: Callback timed out on heartbeat
            5 5s InvocationCompleted, from 5s, error CallbackError: Callback timed out on heartbeat
            6 5s ExecutionFailed, error CallbackError: Callback timed out on heartbeat
            """)
    }

    @Test func `4-5: a heartbeat keeps a callback open and leaves no event`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids, heartbeatTimeout: .seconds(10)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1, heartbeat 10s
            3 0s InvocationCompleted, from 0s
            4 18s CallbackSucceeded 1 Callback 'question', payload "answer"
            5 18s InvocationCompleted, from 18s
            6 18s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(9))
            try await test.engine.sendHeartbeat(callback: ids[0])
            await test.advance(by: .seconds(9))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `4-6: a callback is failed`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.function(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackFailed 1 Callback 'question', error RejectedError: not approved
            5 1s InvocationCompleted, from 1s, error CallbackError: not approved
            6 1s ExecutionFailed, error CallbackError: not approved
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: Self.rejection)
        }
    }

    @Test func `4-6: what a callback is failed with is kept whole`() async throws {
        let ids = CallbackIDs()
        let error = RecordedError(
            type: "RejectedError", message: "not approved", data: #"{"by": "Ada"}"#, stackTrace: ["desk:1"])
        try await expectHistory(
            of: Self.function(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackFailed 1 Callback 'question', \
            error RejectedError: not approved, data {"by": "Ada"}, stack ["desk:1"]
            5 1s InvocationCompleted, from 1s, \
            error CallbackError: not approved, data {"by": "Ada"}, stack ["desk:1"]
            6 1s ExecutionFailed, error CallbackError: not approved, data {"by": "Ada"}, stack ["desk:1"]
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: error)
        }
    }

    /// Opens a callback, runs a step, and only then waits.
    static func functionWithStep(_ ids: CallbackIDs, timeout: Duration? = nil) -> DurableFunction<String, String> {
        DurableFunction("ask") { (name: String, context: DurableContext) in
            let callback = try await context.createCallback(name, of: String.self, timeout: timeout)
            try await context.step("submit") { _ in ids.note(callback.id) }
            return try await callback.result()
        }
    }

    @Test func `4-7: a callback is failed for which a step has asked`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.functionWithStep(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s StepStarted 2 Step 'submit'
            4 0s StepSucceeded 2 Step 'submit', attempt 1, payload none
            5 0s InvocationCompleted, from 0s
            6 1s CallbackFailed 1 Callback 'question', error RejectedError: not approved
            7 1s InvocationCompleted, from 1s, error CallbackError: not approved
            8 1s ExecutionFailed, error CallbackError: not approved
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: Self.rejection)
        }
    }

    @Test func `4-8: nobody completes a callback in time for which a step has asked`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.functionWithStep(ids, timeout: .seconds(5)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1, timeout 5s
            3 0s StepStarted 2 Step 'submit'
            4 0s StepSucceeded 2 Step 'submit', attempt 1, payload none
            5 0s InvocationCompleted, from 0s
            6 5s CallbackTimedOut 1 Callback 'question', error Callback.Timeout: Callback timed out
            7 5s InvocationCompleted, from 5s, error CallbackError: Callback timed out
            8 5s ExecutionFailed, error CallbackError: Callback timed out
            """)
    }
}
