import Indelible
import IndelibleTesting
import Logging
import Testing

/// The histories of child contexts over several invocations: AWS's conformance requirements 3-9 to 3-13, 3-17 and 3-18.
@Suite(.bothWays) struct ChildContextReplayHistoryTests {

    @Test func `3-9: a replay does not run a child context again that has succeeded`() async throws {
        let calls = Calls()
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            let result = try await context.runInChildContext { child in
                calls.note("child")
                return try await child.step { _ in text }
            }
            try await context.wait(for: .seconds(1))
            return result
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            5 0s ContextSucceeded 1 RunInChildContext, payload "in1"
            6 0s WaitStarted 2 Wait, for 1s, until 1s
            7 0s InvocationCompleted, from 0s
            8 1s WaitSucceeded 2 Wait, for 1s
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "in1"
            """)
        #expect(calls.all == ["child"])
    }

    @Test func `3-10: a child context with a step and a wait`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext("child") { child in
                let result = try await child.step { _ in text }
                try await child.wait(for: .seconds(1))
                return result
            }
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            5 0s WaitStarted 1-2 Wait in 1, for 1s, until 1s
            6 0s InvocationCompleted, from 0s
            7 1s WaitSucceeded 1-2 Wait in 1, for 1s
            8 1s ContextSucceeded 1 RunInChildContext 'child', payload "in1"
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `3-11: a replay runs a child context again whose result is too large to record`() async throws {
        let log = LogRecorder()
        let options = FunctionOptions(logsReplays: true)
        let function = DurableFunction("group", options: options) { (text: String, context: DurableContext) in
            let large = try await context.runInChildContext("child") { child in
                child.logger.info("\(text)")
                let small = try await child.step { _ in text }
                return String(repeating: small, count: 100_000)
            }
            try await context.wait(for: .seconds(1))
            return large.count
        }
        try await expectHistory(
            of: function, input: "in1", options: log.options,
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            5 0s ContextSucceeded 1 RunInChildContext 'child', payload empty
            6 0s WaitStarted 2 Wait, for 1s, until 1s
            7 0s InvocationCompleted, from 0s
            8 1s WaitSucceeded 2 Wait, for 1s
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload 300000
            """
        ) { test in
            // So that a parked handler replays too.
            await test.settle()
            try await test.restart()
        }
        #expect(log.messages.count { $0.text == "in1" } == 2)
    }

    @Test func `3-12: a crash in a step of a child context does not start the step anew`() async throws {
        let gate = Gate()
        let calls = Calls()
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext { child in
                try await child.step { _ in
                    calls.note("step")
                    if calls.all.count == 1 { await gate.pass() }
                    return text
                }
            }
        }
        let other = DurableFunction("other") { (_: DurableContext) in }
        try await expectHistory(
            of: function, input: "in1", beside: [other],
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext
            3 0s StepStarted 1-1 Step in 1
            4 0s InvocationCompleted, from 0s, error Runtime.ExitError: The process ended during the invocation.
            5 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            6 0s ContextSucceeded 1 RunInChildContext, payload "in1"
            7 0s InvocationCompleted, from 0s
            8 0s ExecutionSucceeded, payload "in1"
            """
        ) { test in
            await gate.arrival()
            // Nobody waits for the disk at these starts: what another execution records after them takes them along.
            _ = try await test.engine.start(other)
            try await test.crash()
        }
        #expect(calls.all == ["step", "step"])
    }

    @Test func `3-13: a step after a child context with a wait`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            let result = try await context.runInChildContext("child") { child in
                try await child.wait(for: .seconds(1))
                return text
            }
            return try await context.step { _ in result }
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s WaitStarted 1-1 Wait in 1, for 1s, until 1s
            4 0s InvocationCompleted, from 0s
            5 1s WaitSucceeded 1-1 Wait in 1, for 1s
            6 1s ContextSucceeded 1 RunInChildContext 'child', payload "in1"
            7 1s StepStarted 2 Step
            8 1s StepSucceeded 2 Step, attempt 1, payload "in1"
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `3-17: a child context that only logs is not run again`() async throws {
        let log = LogRecorder()
        let options = FunctionOptions(logsReplays: true)
        let function = DurableFunction("group", options: options) { (text: String, context: DurableContext) in
            let result = try await context.runInChildContext("child") { child in
                child.logger.info("\(text)")
                return text
            }
            try await context.wait(for: .seconds(1))
            return result
        }
        try await expectHistory(
            of: function, input: "in1", options: log.options,
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s ContextSucceeded 1 RunInChildContext 'child', payload "in1"
            4 0s WaitStarted 2 Wait, for 1s, until 1s
            5 0s InvocationCompleted, from 0s
            6 1s WaitSucceeded 2 Wait, for 1s
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "in1"
            """
        ) { test in
            await test.settle()
            try await test.restart()
        }
        #expect(log.messages.count { $0.text == "in1" } == 1)
    }

    @Test func `3-18: a step and a wait in a child context, and after it`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            let inner = try await context.runInChildContext("child") { child in
                let result = try await child.step { _ in text }
                try await child.wait(for: .seconds(1))
                return result
            }
            let result = try await context.step { _ in inner }
            try await context.wait(for: .seconds(2))
            return result
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            5 0s WaitStarted 1-2 Wait in 1, for 1s, until 1s
            6 0s InvocationCompleted, from 0s
            7 1s WaitSucceeded 1-2 Wait in 1, for 1s
            8 1s ContextSucceeded 1 RunInChildContext 'child', payload "in1"
            9 1s StepStarted 2 Step
            10 1s StepSucceeded 2 Step, attempt 1, payload "in1"
            11 1s WaitStarted 3 Wait, for 2s, until 3s
            12 1s InvocationCompleted, from 1s
            13 3s WaitSucceeded 3 Wait, for 2s
            14 3s InvocationCompleted, from 3s
            15 3s ExecutionSucceeded, payload "in1"
            """)
    }
}
