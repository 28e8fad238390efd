import Indelible
import IndelibleTesting
import Testing

/// The histories of executions that are ended, or held up, from outside.
@Suite(.bothWays) struct ExecutionEndHistoryTests {
    /// A handler that hangs in a step whose start is recorded.
    static func hanging(at gate: Gate, timeout: Duration? = nil) -> DurableFunction<Void, Void> {
        DurableFunction("hang", options: FunctionOptions(executionTimeout: timeout)) { (context: DurableContext) in
            try await context.step("hang", semantics: .atMostOncePerRetry) { _ in await gate.pass() }
        }
    }

    static func resting(timeout: Duration? = nil) -> DurableFunction<Void, Void> {
        DurableFunction("rest", options: FunctionOptions(executionTimeout: timeout)) { (context: DurableContext) in
            try await context.wait("rest", for: .seconds(60))
        }
    }

    static func handle(
        _ test: TestEngine, _ function: DurableFunction<Void, Void>
    ) async throws -> ExecutionHandle<Void> {
        try #require(try await test.engine.execution(named: "canonical", of: function))
    }

    @Test func `an execution times out during an invocation, whose end follows`() async throws {
        let gate = Gate()
        try await expectHistory(
            of: Self.hanging(at: gate, timeout: .seconds(10)),
            """
            1 0s ExecutionStarted, timeout 10s, payload none
            2 0s StepStarted 1 Step 'hang'
            3 10s ExecutionTimedOut, error Error: Execution timed out after 10 seconds.
            4 10s InvocationCompleted, from 0s
            """
        ) { test in
            await gate.arrival()
            await test.advance(by: .seconds(10), waitsForHandlers: false)
        }
    }

    @Test func `an execution times out while it is suspended`() async throws {
        try await expectHistory(
            of: Self.resting(timeout: .seconds(10)),
            """
            1 0s ExecutionStarted, timeout 10s, payload none
            2 0s WaitStarted 1 Wait 'rest', for 60s, until 60s
            3 0s InvocationCompleted, from 0s
            4 10s ExecutionTimedOut, error Error: Execution timed out after 10 seconds.
            """)
    }

    @Test func `an execution is stopped during an invocation, whose end follows`() async throws {
        let gate = Gate()
        let function = Self.hanging(at: gate)
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step 'hang'
            3 2s ExecutionStopped, error Fraud: stolen, data card
            4 2s InvocationCompleted, from 0s
            """
        ) { test in
            await gate.arrival()
            await test.advance(by: .seconds(2), waitsForHandlers: false)
            try await Self.handle(test, function).stop(
                error: RecordedError(type: "Fraud", message: "stolen", data: "card"))
        }
    }

    @Test func `an execution is stopped while it is suspended`() async throws {
        let function = Self.resting()
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait 'rest', for 60s, until 60s
            3 0s InvocationCompleted, from 0s
            4 2s ExecutionStopped, error Error: Execution stopped by user request
            """
        ) { test in
            await test.advance(by: .seconds(2))
            try await Self.handle(test, function).stop()
        }
    }

    @Test func `an execution is paused while it is suspended, and its wait goes on`() async throws {
        let function = Self.resting()
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait 'rest', for 60s, until 60s
            3 0s InvocationCompleted, from 0s
            4 1s ExecutionPaused, asked at 1s, timeout kept, reason audit
            5 60s WaitSucceeded 1 Wait 'rest', for 60s
            6 100s ExecutionResumed, asked at 100s, reason all is well
            7 100s InvocationCompleted, from 100s
            8 100s ExecutionSucceeded, payload none
            """
        ) { test in
            await test.advance(by: .seconds(1))
            let execution = try await Self.handle(test, function)
            try await execution.pause(reason: "audit", pausesTimeout: false)
            await test.advance(by: .seconds(99))
            try await execution.resume(reason: "all is well")
        }
    }

    @Test func `an execution is paused during an invocation, at its next record`() async throws {
        let gate = Gate()
        let function = Self.hanging(at: gate)
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step 'hang'
            3 3s StepSucceeded 1 Step 'hang', attempt 1, payload none
            4 3s ExecutionPaused, asked at 0s, timeout put off
            5 3s InvocationCompleted, from 0s
            6 7s ExecutionResumed, asked at 7s
            7 7s InvocationCompleted, from 7s
            8 7s ExecutionSucceeded, payload none
            """
        ) { test in
            await gate.arrival()
            let execution = try await Self.handle(test, function)
            try await execution.pause()
            await test.advance(by: .seconds(3), waitsForHandlers: false)
            gate.open()
            await test.advance(by: .seconds(4))
            try await execution.resume()
        }
    }

    @Test func `a wait is cancelled when its handler is told to end`() async throws {
        let function = Self.resting()
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait 'rest', for 60s, until 60s
            3 0s InvocationCompleted, from 0s
            4 2s StepStarted 2 Cancellation
            5 2s StepSucceeded 2 Cancellation, attempt 1, payload {"interrupted":"1","reason":"enough"}
            6 2s WaitCancelled 1 Wait 'rest'
            7 2s InvocationCompleted, from 2s, \
            error ExecutionCancelledError: the execution was asked to end: enough, data enough
            8 2s ExecutionFailed, error ExecutionCancelledError: the execution was asked to end: enough, data enough
            """
        ) { test in
            await test.advance(by: .seconds(2))
            try await Self.handle(test, function).cancel(reason: "enough")
        }
    }
}
