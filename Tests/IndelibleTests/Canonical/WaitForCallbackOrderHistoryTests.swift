import Indelible
import IndelibleTesting
import Testing

/// The histories of waits for callbacks beside other operations: AWS's conformance requirements 7-8 to 7-10.
@Suite(.bothWays) struct WaitForCallbackOrderHistoryTests {
    @Test func `7-8: a wait for a callback in a child context`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) in
            try await context.runInChildContext("wrapper") { child -> String in
                try await child.waitForCallback(name) { id, _ in ids.note(id) }
            }
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s ContextStarted 1 RunInChildContext 'wrapper'
            3 0s ContextStarted 1-1 WaitForCallback 'question' in 1
            4 0s CallbackStarted 1-1-1 Callback 'question create callback id' in 1-1, callback 1
            5 0s StepStarted 1-1-2 Step 'question submitter' in 1-1
            6 0s StepSucceeded 1-1-2 Step 'question submitter' in 1-1, attempt 1, payload none
            7 0s InvocationCompleted, from 0s
            8 1s CallbackSucceeded 1-1-1 Callback 'question create callback id' in 1-1, payload "answer"
            9 1s ContextSucceeded 1-1 WaitForCallback 'question' in 1, payload "answer"
            10 1s ContextSucceeded 1 RunInChildContext 'wrapper', payload "answer"
            11 1s InvocationCompleted, from 1s
            12 1s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `7-9: two waits for callbacks, one after the other`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (context: DurableContext) -> String in
            let _: String = try await context.waitForCallback("first") { id, _ in ids.note(id) }
            return try await context.waitForCallback("second") { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, callbacks: ids,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 WaitForCallback 'first'
            3 0s CallbackStarted 1-1 Callback 'first create callback id' in 1, callback 1
            4 0s StepStarted 1-2 Step 'first submitter' in 1
            5 0s StepSucceeded 1-2 Step 'first submitter' in 1, attempt 1, payload none
            6 0s InvocationCompleted, from 0s
            7 1s CallbackSucceeded 1-1 Callback 'first create callback id' in 1, payload "one"
            8 1s ContextSucceeded 1 WaitForCallback 'first', payload "one"
            9 1s ContextStarted 2 WaitForCallback 'second'
            10 1s CallbackStarted 2-1 Callback 'second create callback id' in 2, callback 2
            11 1s StepStarted 2-2 Step 'second submitter' in 2
            12 1s StepSucceeded 2-2 Step 'second submitter' in 2, attempt 1, payload none
            13 1s InvocationCompleted, from 1s
            14 2s CallbackSucceeded 2-1 Callback 'second create callback id' in 2, payload "two"
            15 2s ContextSucceeded 2 WaitForCallback 'second', payload "two"
            16 2s InvocationCompleted, from 2s
            17 2s ExecutionSucceeded, payload "two"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "one")
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[1], with: "two")
        }
    }

    @Test func `7-10: a wait for a callback after a wait and a step`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) -> String in
            try await context.wait(for: .seconds(1))
            _ = try await context.step { _ in "fixed" }
            return try await context.waitForCallback(name) { id, _ in ids.note(id) }
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s WaitStarted 1 Wait, for 1s, until 1s
            3 0s InvocationCompleted, from 0s
            4 1s WaitSucceeded 1 Wait, for 1s
            5 1s StepStarted 2 Step
            6 1s StepSucceeded 2 Step, attempt 1, payload "fixed"
            7 1s ContextStarted 3 WaitForCallback 'question'
            8 1s CallbackStarted 3-1 Callback 'question create callback id' in 3, callback 1
            9 1s StepStarted 3-2 Step 'question submitter' in 3
            10 1s StepSucceeded 3-2 Step 'question submitter' in 3, attempt 1, payload none
            11 1s InvocationCompleted, from 1s
            12 2s CallbackSucceeded 3-1 Callback 'question create callback id' in 3, payload "answer"
            13 2s ContextSucceeded 3 WaitForCallback 'question', payload "answer"
            14 2s InvocationCompleted, from 2s
            15 2s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(2))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }
}
