import Indelible
import IndelibleTesting
import Testing

/// The histories of chained invokes beside other operations: AWS's conformance requirements 5-9 to 5-14.
@Suite(.bothWays) struct InvokeOrderHistoryTests {
    let echo = InvokeHistoryTests.echo(String.self)
    let failing = InvokeHistoryTests.failing

    @Test func `5-9: a replay does not invoke again what has succeeded`() async throws {
        let calls = Calls()
        let target = DurableFunction("target") { (context: DurableContext) in
            try await context.step { _ in calls.note("target") }
            try await context.wait(for: .seconds(1))
            return "result"
        }
        let function = DurableFunction("call") { (context: DurableContext) in
            let result = try await context.invoke(target)
            try await context.wait(for: .seconds(1))
            return result
        }
        try await expectHistory(
            of: function, beside: [target],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function target:$LATEST, version $LATEST, child 1, payload none
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload "result"
            5 1s WaitStarted 2 Wait, for 1s, until 2s
            6 1s InvocationCompleted, from 1s
            7 2s WaitSucceeded 2 Wait, for 1s
            8 2s InvocationCompleted, from 2s
            9 2s ExecutionSucceeded, payload "result"
            """)
        #expect(calls.all == ["target"])
    }

    @Test func `5-10: a replay throws the error of an invoke again`() async throws {
        let failing = failing
        let function = DurableFunction("call") { (context: DurableContext) in
            var message = "no error"
            do {
                try await context.invoke(failing)
            } catch let error as InvokeError {
                message = error.message
            }
            try await context.wait(for: .seconds(1))
            return message
        }
        try await expectHistory(
            of: function, beside: [failing],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, \
            function failing:$LATEST, version $LATEST, child 1, payload none
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeFailed 1 ChainedInvoke, error TargetError: the target failed
            5 1s WaitStarted 2 Wait, for 1s, until 2s
            6 1s InvocationCompleted, from 1s
            7 2s WaitSucceeded 2 Wait, for 1s
            8 2s InvocationCompleted, from 2s
            9 2s ExecutionSucceeded, payload "the target failed"
            """)
    }

    @Test func `5-11: an invoke after a step`() async throws {
        let echo = echo
        let function = DurableFunction("call") { (context: DurableContext) in
            let text = try await context.step { _ in "from the step" }
            return try await context.invoke(echo, input: text)
        }
        try await expectHistory(
            of: function, beside: [echo],
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload "from the step"
            4 0s ChainedInvokeStarted 2 ChainedInvoke, \
            function echo:$LATEST, version $LATEST, child 1, payload "from the step"
            5 0s InvocationCompleted, from 0s
            6 1s ChainedInvokeSucceeded 2 ChainedInvoke, payload "from the step"
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "from the step"
            """)
    }

    @Test func `5-12: a step after an invoke`() async throws {
        let echo = echo
        let function = DurableFunction("call") { (context: DurableContext) in
            let text = try await context.invoke(echo, input: "echo")
            return try await context.step { _ in "\(text), processed" }
        }
        try await expectHistory(
            of: function, beside: [echo],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo:$LATEST, version $LATEST, child 1, payload "echo"
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload "echo"
            5 1s StepStarted 2 Step
            6 1s StepSucceeded 2 Step, attempt 1, payload "echo, processed"
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "echo, processed"
            """)
    }

    @Test func `5-13: an invoke in a child context`() async throws {
        let echo = echo
        let function = DurableFunction("call") { (context: DurableContext) in
            try await context.runInChildContext { child in try await child.invoke(echo, input: "echo") }
        }
        try await expectHistory(
            of: function, beside: [echo],
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 RunInChildContext
            3 0s ChainedInvokeStarted 1-1 ChainedInvoke in 1, \
            function echo:$LATEST, version $LATEST, child 1, payload "echo"
            4 0s InvocationCompleted, from 0s
            5 1s ChainedInvokeSucceeded 1-1 ChainedInvoke in 1, payload "echo"
            6 1s ContextSucceeded 1 RunInChildContext, payload "echo"
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "echo"
            """)
    }

    @Test func `5-14: two invokes, one after the other`() async throws {
        let echo = echo
        let other = DurableFunction("other") { (text: String, context: DurableContext) in
            try await context.wait(for: .seconds(2))
            return "\(text), answered"
        }
        let function = DurableFunction("call") { (context: DurableContext) in
            let text = try await context.invoke(echo, input: "echo")
            return try await context.invoke(other, input: text)
        }
        try await expectHistory(
            of: function, beside: [echo, other],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo:$LATEST, version $LATEST, child 1, payload "echo"
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload "echo"
            5 1s ChainedInvokeStarted 2 ChainedInvoke, function other:$LATEST, version $LATEST, child 2, payload "echo"
            6 1s InvocationCompleted, from 1s
            7 3s ChainedInvokeSucceeded 2 ChainedInvoke, payload "echo, answered"
            8 3s InvocationCompleted, from 3s
            9 3s ExecutionSucceeded, payload "echo, answered"
            """)
    }
}
