import Indelible
import IndelibleTesting
import Testing

/// The histories of one wait for a callback that is answered: AWS's conformance requirements 7-1 to 7-3, 7-11, 7-13 and
/// 7-15.
///
/// AWS leaves open what the operations inside are called.
@Suite(.bothWays) struct WaitForCallbackHistoryTests {
    @Test func `7-1: a callback is waited for and completed`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) -> String in
            try await context.waitForCallback(name) { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackSucceeded 1-1 Callback 'question create callback id' in 1, payload "answer"
            8 1s ContextSucceeded 1 WaitForCallback 'question', payload "answer"
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `7-2: a wait for a callback has a name`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (context: DurableContext) -> String in
            try await context.waitForCallback("approval") { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, callbacks: ids,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 WaitForCallback 'approval'
            3 0s CallbackStarted 1-1 Callback 'approval create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'approval submitter' in 1
            5 0s StepSucceeded 1-2 Step 'approval submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackSucceeded 1-1 Callback 'approval create callback id' in 1, payload "answer"
            8 1s ContextSucceeded 1 WaitForCallback 'approval', payload "answer"
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `7-3: a wait for a callback has no name`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (context: DurableContext) -> String in
            try await context.waitForCallback { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, callbacks: ids,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 WaitForCallback
            3 0s CallbackStarted 1-1 Callback 'create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'submitter' in 1
            5 0s StepSucceeded 1-2 Step 'submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackSucceeded 1-1 Callback 'create callback id' in 1, payload "answer"
            8 1s ContextSucceeded 1 WaitForCallback, payload "answer"
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `7-11: an object completes a callback, and the history keeps the bytes that were sent`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) in
            let answer: [String: String] = try await context.waitForCallback(name) { id, _ in ids.note(id) }
            return answer["status"]
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackSucceeded 1-1 Callback 'question create callback id' in 1, payload {"status": "approved"}
            8 1s ContextSucceeded 1 WaitForCallback 'question', payload {"status": "approved"}
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "approved"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: #"{"status": "approved"}"#, serdes: .bytes)
        }
    }

    @Test func `7-13: a heartbeat keeps a callback open and leaves no event`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) -> String in
            try await context.waitForCallback(name, heartbeatTimeout: .seconds(10)) { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1, heartbeat 10s
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 18s CallbackSucceeded 1-1 Callback 'question create callback id' in 1, payload "answer"
            8 18s ContextSucceeded 1 WaitForCallback 'question', payload "answer"
            9 18s InvocationCompleted, from 18s
            10 18s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(9))
            try await test.engine.sendHeartbeat(callback: ids[0])
            await test.advance(by: .seconds(9))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `7-15: a callback is completed with nothing`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) -> String? in
            try await context.waitForCallback(name) { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 WaitForCallback 'question'
            3 0s CallbackStarted 1-1 Callback 'question create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'question submitter' in 1
            5 0s StepSucceeded 1-2 Step 'question submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackSucceeded 1-1 Callback 'question create callback id' in 1, payload none
            8 1s ContextSucceeded 1 WaitForCallback 'question', payload none
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload null
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0])
        }
    }
}
