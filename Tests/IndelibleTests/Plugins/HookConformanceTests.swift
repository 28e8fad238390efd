import Indelible
import IndelibleTesting
import Testing

/// Suite 10 of AWS's conformance tests: plugins leave the canonical histories as they are, and their hooks fire as its logs
/// show.
@Suite(.bothWays) struct HookConformanceTests {
    /// Runs a function and gives the types of its history: with plugins and without, they are the same.
    static func history(
        _ function: DurableFunction<String, String>, plugins: [any DurablePlugin], log: LogRecorder = LogRecorder()
    ) async throws -> [String] {
        var options = log.options
        options.plugins = plugins
        let test = try await TestEngine(functions: [function], options: options)
        let execution = try await test.engine.start(function, input: "World", name: "one")
        do { _ = try await execution.result() } catch is ExecutionError {}
        return try await execution.history().map(\.type)
    }

    static func same(
        _ function: @Sendable (Calls) -> DurableFunction<String, String>, _ calls: Calls, plugins: any DurablePlugin...,
        log: LogRecorder = LogRecorder()
    ) async throws -> [String] {
        let observed = try await history(function(calls), plugins: plugins, log: log)
        #expect(try await history(function(Calls()), plugins: []) == observed)
        return observed
    }

    static let oneStep = [
        "ExecutionStarted", "StepStarted", "StepSucceeded", "InvocationCompleted", "ExecutionSucceeded",
    ]

    @Sendable static func greeting(_ calls: Calls) -> DurableFunction<String, String> {
        DurableFunction("greet") { (name: String, context: DurableContext) in
            try await context.step("greet") { _ in
                calls.note("Greeting step running for: \(name)")
                return "Hello, \(name)!"
            }
        }
    }

    @Test func `10-1: the step runs once, between the hooks of its invocation`() async throws {
        let calls = Calls()
        let recorder = HookRecorder(to: calls)
        #expect(try await Self.same(Self.greeting, calls, plugins: recorder) == Self.oneStep)
        #expect(calls.count(of: "Greeting step running for: World") == 1)
        #expect(calls.all.first == "invocation-start first=true")
        #expect(calls.all.last == "invocation-end SUCCEEDED")
    }

    @Test func `10-2: an operation's hooks carry the id that is in its record`() async throws {
        let recorder = HookRecorder()
        let function = Self.greeting(Calls())
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        let execution = try await test.engine.start(function, input: "World")
        _ = try await execution.result()
        let recorded = try await execution.history().compactMap(\.operation?.path)
        let (started, ended) = (recorder.seen.started[0], recorder.seen.ended[0])
        #expect(Set(recorded) == [started.id] && ended.id == started.id)
        #expect(started.name == "greet" && started.type == "STEP" && started.subType == "Step")
        #expect(started.parentID == nil && !started.isReplayed && started.isRecorded && started.endTime == nil)
        #expect(ended.status == "SUCCEEDED" && ended.startTime != nil && ended.endTime != nil && ended.error == nil)
    }

    @Test func `10-3: the attempts' hooks come in order, with their outcomes`() async throws {
        let calls = Calls()
        let recorder = HookRecorder(to: calls)
        let history = try await Self.same(
            { _ in
                DurableFunction("retry") { (_: String, context: DurableContext) in
                    try await context.step("flaky", retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { step in
                        if step.attempt == 1 { throw Flaky() }
                        return "Operation succeeded"
                    }
                }
            }, calls, plugins: recorder)
        #expect(
            history == [
                "ExecutionStarted", "StepStarted", "StepFailed", "InvocationCompleted", "StepStarted", "StepSucceeded",
                "InvocationCompleted", "ExecutionSucceeded",
            ])
        #expect(
            recorder.lines("body-end") == ["body-end flaky 1 n=1 FAILED Flaky", "body-end flaky 1 n=2 SUCCEEDED"])
    }

    @Test func `10-4: a plugin that throws at every hook is called at each, and ignored`() async throws {
        let calls = Calls()
        let log = LogRecorder()
        let faulty = HookRecorder("FAULTY ", to: calls) { hook in
            if hook != "observer" { throw Flaky() }
        }
        let recorder = HookRecorder(to: calls)
        #expect(try await Self.same(Self.greeting, calls, plugins: faulty, recorder, log: log) == Self.oneStep)
        let hooks = [
            "invocation-start", "operation-start", "body-start", "body-end", "operation-end", "invocation-end",
        ]
        for hook in hooks {
            #expect(calls.all.count { $0.hasPrefix("FAULTY \(hook) ") } == 1, "\(hook)")
            #expect(recorder.lines(hook).count == 1, "\(hook)")
        }
        #expect(calls.count(of: "Greeting step running for: World") == 1)
        #expect(log.messages.allSatisfy { $0.text.hasPrefix("a plugin failed and was ignored: ") })
    }

    @Test func `10-5: plugins are asked in their order, at every hook`() async throws {
        let calls = Calls()
        let (first, second) = (HookRecorder("A ", to: calls), HookRecorder("B ", to: calls))
        #expect(try await Self.same(Self.greeting, calls, plugins: first, second) == Self.oneStep)
        let hooks = calls.all.filter { !$0.hasPrefix("Greeting") }
        for index in stride(from: 0, to: hooks.count, by: 2) {
            #expect(hooks[index].hasPrefix("A ") && hooks[index + 1] == "B " + hooks[index].dropFirst(2))
        }
        #expect(hooks.count > 12)
    }

    @Test func `10-6: the first invocation is the first, and the one after a wait is not`() async throws {
        let calls = Calls()
        let recorder = HookRecorder(to: calls)
        let history = try await Self.same(
            { _ in
                DurableFunction("wait") { (_: String, context: DurableContext) in
                    try await context.wait(for: .seconds(1))
                    return "done"
                }
            }, calls, plugins: recorder)
        #expect(
            history == [
                "ExecutionStarted", "WaitStarted", "InvocationCompleted", "WaitSucceeded", "InvocationCompleted",
                "ExecutionSucceeded",
            ])
        #expect(
            recorder.lines("invocation") == [
                "invocation-start first=true", "invocation-end PENDING", "invocation-start first=false",
                "invocation-end SUCCEEDED",
            ])
    }

    @Test func `10-7: a step that fails ends so, and its invocation too`() async throws {
        let calls = Calls()
        let recorder = HookRecorder(to: calls)
        let history = try await Self.same(
            { _ in
                DurableFunction("fail") { (_: String, context: DurableContext) in
                    try await context.step("doomed", retry: .none) { _ -> String in throw Flaky() }
                }
            }, calls, plugins: recorder)
        #expect(
            history == [
                "ExecutionStarted", "StepStarted", "StepFailed", "InvocationCompleted", "ExecutionFailed",
            ])
        #expect(
            recorder.lines("body-end", "operation-end", "invocation-end") == [
                "body-end doomed 1 n=1 FAILED Flaky", "operation-end doomed 1 FAILED", "invocation-end FAILED",
            ])
        #expect(recorder.seen.ended[0].error == RecordedError(type: "Flaky", message: "try again"))
    }
}
