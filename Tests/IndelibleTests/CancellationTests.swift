import Indelible
import IndelibleTesting
import Testing

/// Somebody asks for an execution's end, and its handler is told where it stands.
@Suite(.bothWays) struct CancellationTests {
    typealias Handler = @Sendable (DurableContext) async throws -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What the history shows when the handler lets the error pass.
        var notation: String
        var handler: Handler
    }

    static let child = DurableFunction("child") { (context: DurableContext) in
        try await context.wait("child's", for: .hours(1))
        return "done"
    }

    static let waits: [Case] = [
        Case(testDescription: "a wait", notation: "a.wS INV b.sS b.sOK a.wC") { try await $0.wait(for: .hours(1)) },
        Case(testDescription: "a callback", notation: "a.kS INV b.sS b.sOK") { context in
            let callback = try await context.createCallback(of: Int.self)
            _ = try await callback.result()
        },
        Case(testDescription: "a wait for a callback", notation: "a.cS b.kS c.sS c.sOK INV d.sS d.sOK a.cF") {
            context in
            let _: Int = try await context.waitForCallback { _, _ in }
        },
        Case(testDescription: "an invoke", notation: "a.iS INV b.sS b.sOK") { context in
            _ = try await context.invoke(child)
        },
        Case(testDescription: "a step's back-off", notation: "a.sS a.sF(1,+3600) INV b.sS b.sOK") { context in
            try await context.step(retry: .fixed(delay: .hours(1))) { _ in throw Flaky() }
        },
        Case(testDescription: "a condition's back-off", notation: "a.sS a.sOK(1,+3600) INV b.sS b.sOK") { context in
            _ = try await context.waitForCondition(from: 0, poll: .until({ _ in false }, every: .hours(1))) {
                state, _ in state
            }
        },
        Case(testDescription: "a child context", notation: "a.cS b.wS INV c.sS c.sOK b.wC a.cF") { context in
            try await context.runInChildContext { child in try await child.wait(for: .hours(1)) }
        },
        Case(testDescription: "a virtual context", notation: "a.wS INV b.sS b.sOK a.wC") { context in
            try await context.runInVirtualContext { child in try await child.wait(for: .hours(1)) }
        },
        Case(testDescription: "a branch", notation: "a.cS b.cS c.wS INV d.sS d.sOK c.wC b.cF a.cF") { context in
            _ = try await context.map("all", [1]) { number, branch in
                try await branch.wait(for: .hours(number))
                return number
            }
        },
        Case(testDescription: "a retried context's back-off", notation: "a.cS b.wS INV c.sS c.sOK b.wC a.cF") {
            context in
            try await context.withRetry(retry: .fixed(delay: .hours(1))) { _, _ in throw Flaky() }
        },
    ]

    @Test(arguments: waits)
    func `what waits throws, and a handler that lets it pass has failed`(waiting: Case) async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in try await waiting.handler(context) }
        let test = try await TestEngine(functions: [function, Self.child])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel(reason: "sold out")
        let asked = test.now
        let error = try await failure(of: execution)
        #expect(error.status == .failed)
        #expect(
            error.cause
                == RecordedError(
                    type: "ExecutionCancelledError", message: "the execution was asked to end: sold out",
                    data: "sold out"))
        #expect(try await execution.history().notation == waiting.notation + " INV(ExecutionCancelledError) X(F)")
        #expect(try await execution.description().cancelRequestTime == asked)
        let marker = try await execution.history().first { $0.operation?.kind == "Cancellation" }
        #expect(marker?.operation?.name == nil)
    }

    @Test(arguments: waits)
    func `a handler that catches it goes on as if nothing had been asked`(waiting: Case) async throws {
        let calls = Calls()
        let function = DurableFunction("wait") { (context: DurableContext) in
            do {
                try await waiting.handler(context)
            } catch let error as ExecutionCancelledError {
                try await context.step("undo") { _ in calls.note(error.reason ?? "no reason") }
                // It is told once.
                try await context.wait("settle", for: .minutes(1))
                try await context.runInChildContext { child in try await child.wait(for: .minutes(1)) }
                return "undone"
            }
            return "not asked"
        }
        let test = try await TestEngine(functions: [function, Self.child])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        #expect(try await execution.result() == "undone")
        #expect(calls.all == ["no reason"])
        #expect(
            try await execution.history().count { $0.operation?.kind == "Cancellation" && $0.type == "StepStarted" }
                == 1)
    }

    @Test func `what was invoked goes on`() async throws {
        let parent = DurableFunction("parent") { (context: DurableContext) in _ = try await context.invoke(Self.child) }
        let test = try await TestEngine(functions: [parent, Self.child])
        let execution = try await test.engine.start(parent)
        await test.settle()
        try await execution.cancel()
        _ = try await failure(of: execution)
        let running = try #require(try await test.engine.executions(of: "child").first)
        #expect(running.cancelRequestTime == nil)
        let handle = try #require(try await test.engine.execution(id: running.id, of: Self.child))
        #expect(try await handle.result() == "done")
    }

    @Test func `an execution that has not begun is told at its first call`() async throws {
        let gate = Gate()
        let function = DurableFunction("queue", options: FunctionOptions(concurrencyLimit: 1)) {
            (isFirst: Bool, context: DurableContext) in
            try await context.step { _ in if isFirst { await gate.pass() } }
            return "ran"
        }
        let test = try await TestEngine(functions: [function])
        let first = try await test.engine.start(function, input: true)
        await gate.arrival()
        let second = try await test.engine.start(function, input: false)
        #expect(try await second.description().standing.code == .queued)
        try await second.cancel(reason: "too late")
        gate.open()
        #expect(try await first.result() == "ran")
        #expect(try await failure(of: second).cause.data == "too late")
        #expect(try await second.history().notation == "a.sS a.sOK INV(ExecutionCancelledError) X(F)")
    }

    @Test func `the first request counts, and none does after the end`() async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in
            do {
                try await context.wait(for: .hours(1))
            } catch let error as ExecutionCancelledError {
                try await context.wait(for: .hours(1))
                return error.reason
            }
            return nil
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel(reason: "first")
        try await execution.cancel(reason: "second")
        await test.settle()
        try await test.engine.cancel(execution.id, reason: "third")
        #expect(try await execution.result() == "first")
        try await execution.cancel(reason: "fourth")
        #expect(try await execution.status == .succeeded)
        let history = try await execution.history()
        #expect(history.notation == "a.wS INV b.sS b.sOK a.wC c.wS INV c.wOK INV X")
    }

    @Test func `bad requests are refused`() async throws {
        let test = try await TestEngine(functions: [Self.child])
        let execution = try await test.engine.start(Self.child)
        func code(_ id: String, _ reason: String?) async -> DurableEngineError.Code? {
            await #expect(throws: DurableEngineError.self) { try await test.engine.cancel(id, reason: reason) }?.code
        }
        #expect(await code("none", nil) == .notFound)
        #expect(await code("7-0123456789abcdef0123456789abcdef", nil) == .notFound)
        #expect(await code(execution.id, String(repeating: "r", count: 1_025)) == .invalidArgument)
        #expect(try await execution.description().cancelRequestTime == nil)
    }

    @Test func `stopping asks nobody`() async throws {
        let calls = Calls()
        let function = DurableFunction("stop") { (context: DurableContext) in
            do {
                try await context.wait(for: .hours(1))
            } catch let error as ExecutionCancelledError {
                calls.note("asked")
                throw error
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.stop()
        #expect(try await failure(of: execution).status == .stopped)
        await test.settle()
        #expect(calls.all == [])
        #expect(try await execution.history().notation == "a.wS INV X(STOP)")
    }

    @Test func `an error of that name from outside is none`() async throws {
        let calls = Calls()
        let function = DurableFunction("forged") { (context: DurableContext) in
            do {
                let _: Int = try await context.waitForCallback("answer") { _, _ in }
            } catch let error as CallbackError {
                calls.note("\(error.cause.type) \(error.cause.data ?? "nothing")")
            }
            do {
                try await context.wait(for: .hours(1))
            } catch is ExecutionCancelledError {
                calls.note("told")
            }
        }
        let forgeries: [(data: String?, kept: String)] = [
            ("cancelled", "nothing"), ("cancelled me", "nothing"), (nil, "nothing"), ("fatal", "fatal"),
        ]
        for (data, kept) in forgeries {
            let test = try await TestEngine(functions: [function])
            let execution = try await test.engine.start(function)
            await test.settle()
            let forged = RecordedError(type: "ExecutionCancelledError", message: "no", data: data)
            try await test.fail(callback: "answer", of: execution.id, with: forged)
            await test.settle()
            try await execution.cancel()
            try await execution.result()
            #expect(calls.all.suffix(2) == ["ExecutionCancelledError \(kept)", "told"])
        }
    }
}
