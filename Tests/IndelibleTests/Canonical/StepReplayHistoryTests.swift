import Indelible
import IndelibleTesting
import Testing

/// The histories of steps before a wait: AWS's conformance requirements 1-8 to 1-10.
@Suite(.bothWays) struct StepReplayHistoryTests {
    @Test func `1-8: a step before a wait`() async throws {
        let function = DurableFunction("compute") { (context: DurableContext) in
            let result = try await context.step { _ in "computed" }
            try await context.wait(for: .seconds(2))
            return result
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload "computed"
            4 0s WaitStarted 2 Wait, for 2s, until 2s
            5 0s InvocationCompleted, from 0s
            6 2s WaitSucceeded 2 Wait, for 2s
            7 2s InvocationCompleted, from 2s
            8 2s ExecutionSucceeded, payload "computed"
            """)
    }

    @Test func `1-9: a replay does not run a step again that has succeeded`() async throws {
        let calls = Calls()
        let function = DurableFunction("cache") { (context: DurableContext) in
            let result = try await context.step { _ in
                calls.note("step executed")
                return "cached_value"
            }
            try await context.wait(for: .seconds(1))
            return result
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload "cached_value"
            4 0s WaitStarted 2 Wait, for 1s, until 1s
            5 0s InvocationCompleted, from 0s
            6 1s WaitSucceeded 2 Wait, for 1s
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "cached_value"
            """)
        #expect(calls.all == ["step executed"])
    }

    @Test func `1-10: a replay throws the error of a step again that has failed`() async throws {
        let calls = Calls()
        let function = DurableFunction("catch") { (context: DurableContext) in
            do {
                try await context.step(retry: .none) { _ in
                    calls.note("step executed")
                    throw StepHistoryTests.Broken()
                }
            } catch let error as StepError {
                calls.note(error.message)
            }
            try await context.wait(for: .seconds(1))
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, error Broken: it never works
            4 0s WaitStarted 2 Wait, for 1s, until 1s
            5 0s InvocationCompleted, from 0s
            6 1s WaitSucceeded 2 Wait, for 1s
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload none
            """)
        #expect(calls.all == ["step executed"] + Array(repeating: "it never works", count: runsWithOneSuspension))
    }
}
