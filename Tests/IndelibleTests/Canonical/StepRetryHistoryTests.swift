import Indelible
import IndelibleTesting
import Logging
import Testing

/// The histories of steps that are tried again: AWS's conformance requirements 1-11 to 1-18.
@Suite(.bothWays) struct StepRetryHistoryTests {
    struct TransientError: Error, CustomStringConvertible {
        var description: String { "not yet" }
    }

    /// Runs one step, without a name, that fails until its `attempt`-th attempt.
    static func function(
        retry: RetryPolicy, succeedsAt attempt: Int, _ result: String = "done"
    ) -> DurableFunction<Void, String> {
        DurableFunction("unreliable") { (context: DurableContext) in
            try await context.step(retry: retry) { step in
                guard step.attempt == attempt else { throw TransientError() }
                return result
            }
        }
    }

    @Test func `1-11: a step fails and then succeeds`() async throws {
        try await expectHistory(
            of: Self.function(retry: .fixed(maxAttempts: 3, delay: .seconds(1)), succeedsAt: 2, "Operation succeeded"),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, next in 1s, error TransientError: not yet
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 Step
            6 1s StepSucceeded 1 Step, attempt 2, payload "Operation succeeded"
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "Operation succeeded"
            """)
    }

    @Test func `1-12: a step fails until there is no further attempt`() async throws {
        try await expectHistory(
            of: Self.function(retry: .fixed(maxAttempts: 4, delay: .seconds(1)), succeedsAt: 5),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, next in 1s, error TransientError: not yet
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 Step
            6 1s StepFailed 1 Step, attempt 2, next in 1s, error TransientError: not yet
            7 1s InvocationCompleted, from 1s
            8 2s StepStarted 1 Step
            9 2s StepFailed 1 Step, attempt 3, next in 1s, error TransientError: not yet
            10 2s InvocationCompleted, from 2s
            11 3s StepStarted 1 Step
            12 3s StepFailed 1 Step, attempt 4, error TransientError: not yet
            13 3s InvocationCompleted, from 3s, error StepError: not yet
            14 3s ExecutionFailed, error StepError: not yet
            """)
    }

    @Test func `1-13: a step that names no policy has the default one`() async throws {
        let function = DurableFunction("default") { (context: DurableContext) in
            try await context.step { step in
                if step.attempt < 3 { throw TransientError() }
                return "done"
            }
        }
        let history = try await RecordedHistory(of: function, input: ())
        // Spread by full jitter below 5 s and 10 s, and rounded up to whole seconds of at least 1.
        let delays = history.events.compactMap(\.nextAttemptDelay).map { Int($0 / .seconds(1)) }
        try #require(delays.count == 2)
        #expect((1...5).contains(delays[0]) && (1...10).contains(delays[1]), "delays \(delays), seed 1")
        let (second, third) = (delays[0], delays[0] + delays[1])
        history.expect(
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, next in \(delays[0])s, error TransientError: not yet
            4 0s InvocationCompleted, from 0s
            5 \(second)s StepStarted 1 Step
            6 \(second)s StepFailed 1 Step, attempt 2, next in \(delays[1])s, error TransientError: not yet
            7 \(second)s InvocationCompleted, from \(second)s
            8 \(third)s StepStarted 1 Step
            9 \(third)s StepSucceeded 1 Step, attempt 3, payload "done"
            10 \(third)s InvocationCompleted, from \(third)s
            11 \(third)s ExecutionSucceeded, payload "done"
            """)
    }

    @Test func `1-14: a step has a policy of its own`() async throws {
        let retry = RetryPolicy.exponential(maxAttempts: 5, initialDelay: .seconds(2), rate: 3, jitter: .none)
        try await expectHistory(
            of: Self.function(retry: retry, succeedsAt: 3),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, next in 2s, error TransientError: not yet
            4 0s InvocationCompleted, from 0s
            5 2s StepStarted 1 Step
            6 2s StepFailed 1 Step, attempt 2, next in 6s, error TransientError: not yet
            7 2s InvocationCompleted, from 2s
            8 8s StepStarted 1 Step
            9 8s StepSucceeded 1 Step, attempt 3, payload "done"
            10 8s InvocationCompleted, from 8s
            11 8s ExecutionSucceeded, payload "done"
            """)
    }

    @Test func `1-15: a policy is for errors of one type`() async throws {
        let retry = RetryPolicy.fixed(delay: .seconds(1)).retrying(only: TransientError.self)
        try await expectHistory(
            of: Self.function(retry: retry, succeedsAt: 2),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, next in 1s, error TransientError: not yet
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 Step
            6 1s StepSucceeded 1 Step, attempt 2, payload "done"
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "done"
            """)
    }

    @Test func `1-16: a policy is not for errors of one type`() async throws {
        let retry = RetryPolicy.fixed(delay: .seconds(1)).retrying { !($0 is TransientError) }
        try await expectHistory(
            of: Self.function(retry: retry, succeedsAt: 2),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, error TransientError: not yet
            4 0s InvocationCompleted, from 0s, error StepError: not yet
            5 0s ExecutionFailed, error StepError: not yet
            """)
    }

    /// Logs its input in a step that runs at most once, and stays at `gate` the first time that it runs.
    static func function(
        _ name: String? = nil, retry: RetryPolicy, diesAt gate: Gate
    ) -> DurableFunction<String, String> {
        let runs = Calls()
        return DurableFunction("fragile") { (text: String, context: DurableContext) in
            try await context.step(name, retry: retry, semantics: .atMostOncePerRetry) { step in
                step.logger.info("\(text)")
                runs.note("run")
                if runs.all.count == 1 { await gate.pass() }
                return "succeeded on second attempt"
            }
        }
    }

    @Test func `1-17: a crash in a step that runs at most once is its failure`() async throws {
        let (gate, log) = (Gate(), LogRecorder())
        try await expectHistory(
            of: Self.function("at_most_once_flaky_step", retry: .none, diesAt: gate), input: "once",
            options: log.options,
            """
            1 0s ExecutionStarted, payload "once"
            2 0s StepStarted 1 Step 'at_most_once_flaky_step'
            3 0s InvocationCompleted, from 0s, error Runtime.ExitError: The process ended during the invocation.
            4 0s StepFailed 1 Step 'at_most_once_flaky_step', attempt 1, \
            error StepInterruptedError: the process ended while the step ran: whether its effects happened is not known
            5 0s InvocationCompleted, from 0s, \
            error StepError: the process ended while the step ran: whether its effects happened is not known
            6 0s ExecutionFailed, \
            error StepError: the process ended while the step ran: whether its effects happened is not known
            """
        ) { test in
            await gate.arrival()
            try await test.crash()
        }
        #expect(log.messages.count { $0.text == "once" } == 1)
    }

    @Test func `1-18: a crash in a step that runs at most once is followed by the next attempt`() async throws {
        let (gate, log) = (Gate(), LogRecorder())
        try await expectHistory(
            of: Self.function(retry: .fixed(maxAttempts: 2, delay: .seconds(1)), diesAt: gate), input: "twice",
            options: log.options,
            """
            1 0s ExecutionStarted, payload "twice"
            2 0s StepStarted 1 Step
            3 0s InvocationCompleted, from 0s, error Runtime.ExitError: The process ended during the invocation.
            4 0s StepFailed 1 Step, attempt 1, next in 1s, \
            error StepInterruptedError: the process ended while the step ran: whether its effects happened is not known
            5 0s InvocationCompleted, from 0s
            6 1s StepStarted 1 Step
            7 1s StepSucceeded 1 Step, attempt 2, payload "succeeded on second attempt"
            8 1s InvocationCompleted, from 1s
            9 1s ExecutionSucceeded, payload "succeeded on second attempt"
            """
        ) { test in
            await gate.arrival()
            try await test.crash()
        }
        #expect(log.messages.count { $0.text == "twice" } == 2)
    }
}
