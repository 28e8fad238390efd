import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct InvokeFailureTests {
    /// Invokes `function`, and returns how that failed: twice, with a suspension in between.
    static func parent(_ function: some InvokableFunction<Void, Void>, timeout: Duration? = nil)
        -> DurableFunction<Void, [String]>
    {
        DurableFunction("parent") { (context: DurableContext) in
            do {
                try await context.invoke(function, name: "call", timeout: timeout)
                return ["no failure"]
            } catch let error as InvokeError {
                let first = "\(error); \(error.cause.decoded(as: Declined.self).map { "\($0.code)" } ?? "opaque")"
                // Seen again by the replay after it.
                let second = try await context.runInChildContext { child in
                    try await child.wait(for: .seconds(1))
                    return "again"
                }
                return [first, second]
            }
        }
    }

    static func declining(_ name: String, _ error: any Error) -> DurableFunction<Void, Void> {
        DurableFunction(name) { (context: DurableContext) in
            try await context.wait(for: .seconds(1))
            throw error
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var function: any InvokableFunction<Void, Void> & EngineFunction
        var timeout: Duration?
        var failure: String
        var event = "a.iF"
    }

    static let cases: [Case] = [
        Case(
            testDescription: "an error", function: declining("child", Flaky()),
            failure: "invoke 'call' failed: Flaky: try again; opaque"),
        Case(
            testDescription: "a recordable error", function: declining("child", Declined(code: 51)),
            failure: "invoke 'call' failed: Declined: declined with 51; 51"),
        Case(
            testDescription: "a plain function's recordable error",
            function: PlainFunction("child") { () async throws -> Void in throw Declined(code: 52) },
            failure: "invoke 'call' failed: Declined: declined with 52; 52"),
        Case(
            testDescription: "a step's error",
            function: DurableFunction("child") { (context: DurableContext) in
                try await context.step(retry: .none) { _ in throw Declined(code: 53) }
            },
            failure: "invoke 'call' failed: StepError: declined with 53; opaque"),
        Case(
            testDescription: "the invoke's timeout",
            function: DurableFunction("child") { (context: DurableContext) in try await context.wait(for: .days(1)) },
            timeout: .minutes(90),
            failure:
                "invoke 'call' timedOut: ChainedInvoke.Timeout: CHAINED_INVOKE timed out after 5400 seconds.; opaque",
            event: "a.iTO"),
        Case(
            testDescription: "the function's timeout, which is shorter",
            function: DurableFunction("child", options: FunctionOptions(executionTimeout: .seconds(90))) {
                (context: DurableContext) in try await context.wait(for: .days(1))
            },
            timeout: .minutes(90),
            failure:
                "invoke 'call' timedOut: ChainedInvoke.Timeout: CHAINED_INVOKE timed out after 90 seconds.; opaque",
            event: "a.iTO"),
    ]

    @Test(arguments: cases)
    func `a failure keeps its kind, type, message and data over the invoke and every replay`(
        failing: Case
    ) async throws {
        let parent = Self.parent(failing.function, timeout: failing.timeout)
        let test = try await TestEngine(functions: [parent, failing.function])
        let execution = try await test.engine.start(parent)
        #expect(try await execution.result() == [failing.failure, "again"])
        #expect(
            try await execution.history().operations == "a.iS \(failing.event) b.cS c.wS c.wOK b.cOK X")
    }

    @Test func `a function that somebody stops is stopped for its invoker, with what he said`() async throws {
        let child = DurableFunction("child") { (context: DurableContext) in try await context.wait(for: .days(1)) }
        let parent = Self.parent(child)
        let test = try await TestEngine(functions: [parent, child])
        let execution = try await test.engine.start(parent)
        await test.settle()
        try await test.stop(
            invoke: "call", of: execution.id, error: RecordedError(type: "Fraud", message: "the card was stolen"))
        #expect(
            try await execution.result() == ["invoke 'call' stopped: Fraud: the card was stolen; opaque", "again"])
        #expect(try await execution.history().contains(.stopped("call")))
    }

    @Test func `data of an error passes through executions that let it pass`() async throws {
        let bottom = Self.declining("bottom", Declined(code: 54))
        let middle = DurableFunction("middle") { (context: DurableContext) in
            try await context.invoke(bottom)
        }
        let top = DurableFunction("top") { (context: DurableContext) in try await context.invoke(middle) }
        let test = try await TestEngine(functions: [top, middle, bottom])
        let cause = try await failure(of: try await test.engine.start(top)).cause
        #expect(cause.type == "InvokeError")
        #expect(cause.message == "declined with 54")
        #expect(cause.data == #"{"code":54}"#)
    }

    @Test func `stopping an execution leaves what it has invoked to itself`() async throws {
        let child = DurableFunction("child") { (context: DurableContext) in
            try await context.wait(for: .hours(1))
            return "done"
        }
        let parent = DurableFunction("parent") { (context: DurableContext) in try await context.invoke(child) }
        let test = try await TestEngine(functions: [parent, child])
        let execution = try await test.engine.start(parent)
        await test.settle()
        try await execution.stop()
        let running = try #require(try await test.engine.executions(of: "child").first)
        let handle = try #require(try await test.engine.execution(id: running.id, of: child))
        #expect(try await handle.result() == "done")
        #expect(try await execution.history().notation == "a.iS INV X(STOP)")
    }

    @Test func `a plain function that hangs fails its invoke when its time is up`() async throws {
        let gate = Gate()
        let hung = PlainFunction("hung", options: FunctionOptions(invocationTimeout: .minutes(1))) {
            await gate.pass()
        }
        let parent = Self.parent(hung)
        let test = try await TestEngine(functions: [parent, hung])
        let execution = try await test.engine.start(parent)
        await gate.arrival()
        await test.advance(by: .minutes(1), waitsForHandlers: false)
        #expect(
            try await execution.result().first
                == "invoke 'call' failed: Sandbox.Timedout: Function timed out after 60 seconds; opaque")
    }

    @Test func `a plain function whose process dies runs again`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let plain = PlainFunction("plain") { (number: Int) in
            calls.note("body")
            if calls.all.count == 1 { await gate.pass() }
            return number + 1
        }
        let parent = DurableFunction("parent") { (context: DurableContext) in try await context.invoke(plain, input: 1)
        }
        let test = try await TestEngine(functions: [parent, plain])
        let execution = try await test.engine.start(parent)
        await gate.arrival()
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: execution.id, of: parent))
        #expect(try await after.result() == 2)
        #expect(calls.all == ["body", "body"])
        let history = try await after.history()
        #expect(history.count { $0.type == "ChainedInvokeStarted" } == 1)
        #expect(history.count { $0.type == "ChainedInvokeSucceeded" } == 1)
    }

    static let refused: [(String, @Sendable (DurableContext) async throws -> Void)] = [
        (
            "CHAINED_INVOKE payload size must be less than or equal to 1000 bytes. It is 1003 bytes",
            { context in
                try await context.invoke(
                    FunctionReference<String, Void>("child"), input: String(repeating: "x", count: 1_001))
            }
        ),
        ("Invalid TenantId", { try await $0.invoke(FunctionReference<Void, Void>("child"), tenantID: "ä") }),
        ("Invalid function ARN 'a b'", { try await $0.invoke(FunctionReference<Void, Void>("a b")) }),
        (
            "in another account",
            {
                try await $0.invoke(
                    FunctionReference<Void, Void>("arn:aws:lambda:eu-west-1:123456789012:function:child"))
            }
        ),
        ("must be above zero", { try await $0.invoke(FunctionReference<Void, Void>("child"), timeout: .zero) }),
        ("ExecutionTimeout", { try await $0.invoke(FunctionReference<Void, Void>("child"), timeout: .days(99_999)) }),
    ]

    @Test(arguments: 0..<refused.count)
    func `what may not be invoked fails the execution and starts nothing`(index: Int) async throws {
        let (text, call) = Self.refused[index]
        let parent = DurableFunction("parent") { (context: DurableContext) in try await call(context) }
        var limits = EngineLimits.embedded
        limits.chainedPayloadLengthMax = 1_000
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [parent], options: options)
        let execution = try await test.engine.start(parent)
        let error = try await failure(of: execution)
        #expect(error.message.contains(text))
        #expect(try await execution.history().notation == "INV(\(error.cause.type)) X(F)")
        #expect(try await test.engine.executions().count == 1)
    }

    @Test func `a result that is too large for an invoker fails the function that gave it`() async throws {
        let child = DurableFunction("child") { (_: DurableContext) in String(repeating: "x", count: 1_001) }
        let parent = DurableFunction("parent") { (context: DurableContext) in try await context.invoke(child) }
        var limits = EngineLimits.embedded
        limits.chainedPayloadLengthMax = 1_000
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [parent, child], options: options)
        let error = try await failure(of: try await test.engine.start(parent))
        let text = "Execution output payload size must be less than or equal to 1000 bytes. It is 1003 bytes"
        #expect(error.message.hasPrefix(text))
        // The limit is an invoker's: nobody waits for this one.
        #expect(try await test.engine.start(child).result().count == 1_001)
    }
}
