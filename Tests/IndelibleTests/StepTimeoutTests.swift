import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct StepTimeoutTests {
    @Test func `an attempt that takes too long has failed, and its body is cancelled`() async throws {
        let (calls, gate, end) = (Calls(), Gate(), Gate())
        let function = DurableFunction("slow") { (context: DurableContext) in
            try await context.step("slow", timeout: .minutes(1), retry: .none) { _ in
                await gate.pass()
                calls.note(Task.isCancelled ? "cancelled" : "let go")
                end.open()
                return "too late"
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        await test.advance(by: .seconds(59), waitsForHandlers: false)
        #expect(try await execution.status == .running)
        await test.advance(by: .seconds(1), waitsForHandlers: false)
        let error = try await failure(of: execution)
        #expect(error.message == "the attempt took longer than 60.0 seconds")
        #expect(try await execution.history().notation == "a.sS a.sF INV(StepError) X(F)")
        #expect(try await execution.history().first { $0.type == "StepFailed" }?.error?.type == "StepTimeoutError")
        await end.pass()
        #expect(calls.all == ["cancelled"])
    }

    @Test func `the policy decides about another attempt, and a late result of the first is dropped`() async throws {
        let (first, late, second) = (Gate(), Gate(), Gate())
        let function = DurableFunction("late") { (context: DurableContext) in
            try await context.step(
                "late", timeout: .minutes(1),
                retry: .fixed(maxAttempts: 3, delay: .seconds(10)).retrying(only: StepTimeoutError.self)
            ) { step in
                if step.attempt == 1 {
                    await first.pass()
                    // Goes on, cancelled as it is, and ends in the middle of the second attempt.
                    await Task.detached { await late.pass() }.value
                    second.open()
                    return "first"
                }
                late.open()
                await second.pass()
                return "second"
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await first.arrival()
        await test.advance(by: .minutes(1), waitsForHandlers: false)
        #expect(try await execution.result() == "second")
        #expect(try await execution.history().notation == "a.sS a.sF(1,+10) INV a.sS a.sOK(2) INV X")
    }

    @Test func `an attempt that is quick enough leaves no trace of the timeout`() async throws {
        let function = DurableFunction("quick") { (context: DurableContext) in
            let one = try await context.step("one", timeout: .milliseconds(1)) { _ in 1 }
            try await context.step("two", timeout: .minutes(1)) { _ in }
            do {
                try await context.step("three", timeout: .minutes(1), retry: .none) { _ in throw Declined(code: 3) }
            } catch let error as StepError {
                return one + (error.cause.decoded(as: Declined.self)?.code ?? 0)
            }
            return one
        }
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 4)
        #expect(test.now == begin)
        #expect(try await execution.history().notation == "a.sS a.sOK b.sS b.sOK c.sS c.sF INV X")
    }

    @Test(arguments: [StepSemantics.atLeastOncePerRetry, .atMostOncePerRetry])
    func `a crash in the middle of an attempt means what it means without a timeout`(
        semantics: StepSemantics
    ) async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("crash") { (context: DurableContext) in
            try await context.step(timeout: .minutes(1), retry: .fixed(delay: .seconds(1)), semantics: semantics) {
                step in
                calls.note("\(step.attempt)")
                if calls.all.count == 1 { await gate.pass() }
                return step.attempt
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        await test.advance(by: .seconds(59), waitsForHandlers: false)
        try await test.crash()
        // The time of the interrupted attempt does not count.
        await test.advance(by: .seconds(30))
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        let expected = semantics == .atLeastOncePerRetry ? 1 : 2
        #expect(try await after.result() == expected)
        #expect(calls.all == ["1", "\(expected)"])
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func `a timeout that is not above zero is refused before anything is recorded`(timeout: Duration) async throws {
        let function = DurableFunction("bad") { (context: DurableContext) in
            try await context.step(timeout: timeout) { _ in }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await failure(of: execution).cause.type == "ContextError")
        #expect(try await execution.history().allSatisfy { $0.operation == nil })
    }

    @Test func `a filter that does not name the timeout does not retry it`() async throws {
        let gate = Gate()
        let function = DurableFunction("filter") { (context: DurableContext) in
            try await context.step(
                timeout: .minutes(1), retry: .fixed(delay: .seconds(1)).retrying(only: Declined.self)
            ) { _ in await gate.pass() }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        await test.advance(by: .minutes(1), waitsForHandlers: false)
        _ = try await failure(of: execution)
        #expect(try await execution.history().notation == "a.sS a.sF INV(StepError) X(F)")
    }

    @Test func `an engine that closes leaves an attempt to the next one`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("close") { (context: DurableContext) in
            try await context.step(timeout: .minutes(1), retry: .none) { _ in
                calls.note("body")
                if calls.all.count == 1 { await gate.pass() }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await test.restart(grace: .zero)
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        try await after.result()
        #expect(calls.all.count == 2)
        #expect(try await after.history().allSatisfy { $0.type != "StepFailed" })
    }
}
