import Indelible
import IndelibleTesting
import Logging
import Testing

/// A plugin changes nothing, whatever it does.
@Suite(.bothWays) struct FaultyPluginTests {
    /// Everything that plugins see: steps, a retry, a wait, a child, a batch, an invoke, log messages.
    static func functions(_ calls: Calls) -> (parent: DurableFunction<Void, [String]>, all: [any EngineFunction]) {
        let child = DurableFunction("child") { (text: String, context: DurableContext) in
            try await context.step("inside") { _ in text + "!" }
        }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            context.logger.info("begin")
            let one = try await context.step("one", retry: .fixed(delay: .seconds(1))) { step in
                calls.note("one")
                step.logger.info("attempt")
                if step.attempt == 1 { throw Flaky() }
                return "one"
            }
            let two = try await context.runInChildContext("two") { context in
                try await context.wait("pause", for: .seconds(5))
                return try await context.step { _ in
                    calls.note("two")
                    return "two"
                }
            }
            let batch = try await context.map("batch", ["a", "b"], maxConcurrency: 1) { item, context in
                try await context.step { _ in
                    calls.note(item)
                    return item
                }
            }
            return [one, two] + batch.results + [try await context.invoke(child, input: "c")]
        }
        return (parent, [parent, child])
    }

    /// The result, what user code did, and the history.
    static func run(_ plugins: [any DurablePlugin], log: LogRecorder = LogRecorder()) async throws -> [String] {
        let calls = Calls()
        let (parent, functions) = functions(calls)
        var options = log.options
        options.plugins = plugins
        let test = try await TestEngine(functions: functions, options: options)
        let execution = try await test.engine.start(parent, name: "one")
        let result = try await execution.result()
        let history = try await execution.history().map { event in
            "\(event.type) \(event.operation?.description ?? "") \(String(decoding: event.payload ?? [], as: UTF8.self))"
        }
        return result + calls.all + history
    }

    static let hooks = [
        "observer", "invocation-start", "invocation-end", "operation-start", "operation-end", "changed", "body-start",
        "body-end", "surround", "trace-header", "log-metadata",
    ]

    static let methods = [
        "observer": "observer(of:)", "invocation-start": "invocationStarted", "invocation-end": "invocationEnded",
        "operation-start": "operationStarted", "operation-end": "operationEnded", "changed": "operationsChanged",
        "body-start": "bodyStarted", "body-end": "bodyEnded", "surround": "surround", "trace-header": "traceHeader",
        "log-metadata": "logMetadata",
    ]

    @Test(arguments: hooks)
    func `a hook that throws changes nothing, and is warned of once in an invocation`(hook: String) async throws {
        let expected = try await Self.run([])
        let log = LogRecorder()
        let faulty = HookRecorder { if $0 == hook { throw Flaky() } }
        #expect(try await Self.run([faulty], log: log) == expected)
        let warnings = log.messages.filter { $0.text.hasPrefix("a plugin failed and was ignored") }
        #expect(!warnings.isEmpty)
        #expect(warnings.allSatisfy { $0.text.hasSuffix("in \(Self.methods[hook] ?? ""): try again") })
        // No two for one invocation.
        let invocations = warnings.map { $0.metadata["request-id"] ?? "" }
        #expect(Set(invocations).count == invocations.count)
        #expect(warnings.allSatisfy { $0.metadata["execution-arn"]?.contains("durable-execution") == true })
    }

    @Test func `hooks that all throw change nothing, and what comes after them still sees everything`() async throws {
        let expected = try await Self.run([])
        let alone = HookRecorder(of: "parent")
        _ = try await Self.run([alone])
        let after = HookRecorder(of: "parent")
        let faulty = HookRecorder { if $0 != "observer" { throw Flaky() } }
        #expect(try await Self.run([HookRecorder { _ in throw Flaky() }, faulty, after]) == expected)
        #expect(after.lines == alone.lines)
        #expect(!faulty.lines.isEmpty)
    }

    /// What a plugin may do wrong around a body.
    struct Surrounding: DurablePlugin, DurableObserver {
        let count: Int
        let throwsAfter: Bool

        func observer(of invocation: ObservedInvocation) -> any DurableObserver { self }

        nonisolated(nonsending) func surround(
            _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
        ) async throws {
            for _ in 0..<count { await run() }
            if throwsAfter { throw Flaky() }
        }
    }

    @Test(arguments: [0, 1, 2, 5], [true, false])
    func `a body runs once, however often a plugin runs it`(count: Int, throwsAfter: Bool) async throws {
        let expected = try await Self.run([])
        let plugin = Surrounding(count: count, throwsAfter: throwsAfter)
        #expect(try await Self.run([plugin]) == expected)
        #expect(try await Self.run([plugin, HookRecorder(), plugin]) == expected)
    }

    @Test func `the first plugin that gives a trace header decides, and the last one's log metadata wins`() async throws
    {
        struct Named: DurablePlugin, DurableObserver {
            let header: String?
            func observer(of invocation: ObservedInvocation) -> any DurableObserver { self }
            func traceHeader(for operation: ObservedOperation) -> String? { header }
            func logMetadata(for body: ObservedBody?) -> Logger.Metadata { ["plugin": "\(header ?? "none")"] }
        }
        let (log, child) = (LogRecorder(), HookRecorder())
        _ = try await Self.run([Named(header: nil), Named(header: "a"), Named(header: "b"), child], log: log)
        let headers = child.seen.invocations.filter { $0.functionName == "child" }.map(\.traceHeader)
        #expect(!headers.isEmpty && headers.allSatisfy { $0 == "a" })
        #expect(log.messages.allSatisfy { $0.metadata["plugin"] == "b" })
    }
}
