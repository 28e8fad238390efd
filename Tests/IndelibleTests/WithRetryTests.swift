import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct WithRetryTests {
    /// Two steps with a wait between, of which the second fails until the given attempt.
    static func function(
        _ calls: Calls, name: String? = "job", retry: RetryPolicy = .fixed(maxAttempts: 3, delay: .seconds(4)),
        isRecorded: Bool = true, succeedsAt success: Int = 2
    ) -> DurableFunction<Void, String> {
        DurableFunction("retry") { (context: DurableContext) in
            let result = try await context.withRetry(name, retry: retry, isRecorded: isRecorded) { attempt, context in
                calls.note("body \(attempt)")
                try await context.step("one") { _ in calls.note("one \(attempt)") }
                try await context.step("two", retry: .none) { _ in
                    if attempt < success { throw Declined(code: attempt) }
                }
                return "attempt \(attempt)"
            }
            try await context.wait(for: .seconds(1))
            return result
        }
    }

    @Test func `a piece of the workflow is tried again in a context of its own`() async throws {
        let calls = Calls()
        let function = Self.function(calls)
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "attempt 2")
        // The back-off suspends; the end is recorded, so the last wait makes nothing run again.
        let first = ["body 1", "one 1"] + (handlersAreParked ? [] : ["body 1"])
        #expect(calls.all == first + ["body 2", "one 2"])
        let history = try await execution.history()
        #expect(
            history.notation
                == "a.cS b.sS b.sOK c.sS c.sF d.wS INV d.wOK e.sS e.sOK f.sS f.sOK a.cOK g.wS INV g.wOK INV X")
        let operations = history.compactMap(\.operation)
        #expect(operations.first?.kind == "WithRetry")
        #expect(operations.first?.name == "job")
        let wait = try #require(operations.first { $0.kind == "Wait" })
        #expect(wait.description == "Wait 'job-backoff-1' at 1-3")
        #expect(wait.parentPath == "1")
    }

    @Test func `without a record its operations hang on the outer context, and its body runs on every replay`()
        async throws
    {
        let calls = Calls()
        let function = Self.function(calls, isRecorded: false)
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "attempt 2")
        #expect(calls.count(of: "body 1") == (handlersAreParked ? 1 : 3))
        #expect(calls.count(of: "body 2") == (handlersAreParked ? 1 : 2))
        #expect(calls.count(of: "one 1") == 1)
        #expect(calls.count(of: "one 2") == 1)
        let history = try await execution.history()
        #expect(
            history.notation == "a.sS a.sOK b.sS b.sF c.wS INV c.wOK d.sS d.sOK e.sS e.sOK f.wS INV f.wOK INV X")
        let operations = history.compactMap(\.operation)
        #expect(operations.map(\.path).contains("1-3"))
        #expect(operations.allSatisfy { $0.parentPath == nil })
    }

    @Test(arguments: [true, false])
    func `the last error comes out, wrapped where it is recorded`(isRecorded: Bool) async throws {
        let function = Self.function(Calls(), isRecorded: isRecorded, succeedsAt: 9)
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let cause = try await failure(of: execution).cause
        #expect(cause.type == (isRecorded ? "ChildContextError" : "StepError"))
        #expect(cause.message == "declined with 3")
        #expect(cause.data == #"{"code":3}"#)
        let waits = try await execution.history().compactMap(\.operation).filter { $0.kind == "Wait" }.map(\.name)
        #expect(waits == ["job-backoff-1", "job-backoff-1", "job-backoff-2", "job-backoff-2"])
    }

    static let unretried: [(String, @Sendable () -> any Error)] = [
        ("FatalError", { FatalError("never mind") }), ("Flaky", { Flaky() }),
    ]

    @Test(arguments: [0, 1], [true, false])
    func `what is fatal, and what the policy does not name, ends it at once`(
        index: Int, isRecorded: Bool
    ) async throws {
        let (type, error) = Self.unretried[index]
        let calls = Calls()
        let retry = RetryPolicy.fixed(delay: .seconds(1)).retrying(only: Declined.self)
        let function = DurableFunction("once") { (context: DurableContext) in
            _ = try await context.withRetry(retry: retry, isRecorded: isRecorded) { attempt, _ -> Int in
                calls.note("\(attempt)")
                throw error()
            }
        }
        let test = try await TestEngine(functions: [function])
        let cause = try await failure(of: try await test.engine.start(function)).cause
        #expect(calls.all == ["1"])
        #expect(cause.type == (isRecorded && index == 1 ? "ChildContextError" : type))
    }

    @Test func `by default there are three attempts`() async throws {
        let calls = Calls()
        let function = DurableFunction("default") { (context: DurableContext) in
            try await context.withRetry { attempt, context in
                try await context.step(retry: .none) { _ in
                    calls.note("\(attempt)")
                    throw Flaky()
                }
                return 0
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        _ = try await failure(of: execution)
        #expect(calls.all == ["1", "2", "3"])
        // Without a name its waits have none, and 5 and 10 seconds are the most that they take.
        let waits = try await execution.history().filter { $0.type == "WaitStarted" }
        #expect(waits.map { $0.operation?.name } == [nil, nil])
        #expect(zip(waits, [5, 10]).allSatisfy { wait, most in wait.duration.map { $0 <= .seconds(most) } ?? false })
    }

    @Test func `a name that leaves no room for the back-off's, and a policy without a delay, do no harm`() async throws
    {
        let name = String(repeating: "n", count: 250)
        let retry = RetryPolicy.custom { _, attempt in attempt < 3 ? .retry(after: .zero) : .fail }
        let function = Self.function(Calls(), name: name, retry: retry, succeedsAt: 3)
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "attempt 3")
        let waits = try await execution.history().filter { $0.type == "WaitStarted" && $0.operation?.parentPath == "1" }
        #expect(waits.map { $0.operation?.name } == [nil, nil])
        #expect(waits.map(\.duration) == [.milliseconds(1), .milliseconds(1)])
    }
}
