import Indelible
import IndelibleTesting
import Synchronization
import Testing

@Suite(.bothWays) struct SuspensionTests {
    @Test func `a handler that catches the suspension changes nothing`() async throws {
        let calls = Calls()
        let function = DurableFunction("catch") { (context: DurableContext) in
            do {
                try await context.wait(for: .hours(1))
            } catch {
                calls.note("caught, suspending: \(context.isSuspending)")
                do {
                    try await context.step { _ in calls.note("step after the suspension") }
                } catch {
                    return "an outcome that does not count"
                }
            }
            return "done"
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == "done")
        #expect(calls.all == (handlersAreParked ? [] : ["caught, suspending: true"]))
    }

    @Test func `a child that catches the suspension records no result`() async throws {
        let function = DurableFunction("catch") { (context: DurableContext) in
            try await context.runInChildContext { child in
                do {
                    try await child.wait(for: .hours(1))
                } catch {
                    return "too early"
                }
                return "in time"
            }
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == "in time")
    }

    @Test func `a handler that swallows suspensions in a loop is parked and named`() async throws {
        let log = LogRecorder()
        let calls = Calls()
        let function = DurableFunction("swallow") { (context: DurableContext) in
            while true {
                do {
                    try await context.wait("an hour", for: .hours(1))
                    return
                } catch {
                    calls.note("swallowed")
                }
            }
        }
        let test = try await TestEngine(functions: [function], options: log.options)
        try await test.engine.start(function, name: "greedy").result()
        #expect(calls.all.count == (handlersAreParked ? 0 : 101))
        if handlersAreParked { return }
        let parked = try #require(log.messages.first { $0.text.contains("parked") })
        #expect(parked.metadata["execution"] == "greedy")
        #expect(parked.metadata["function"] == "swallow")
    }

    @Test func `an operation inside a step's body is refused and not recorded`() async throws {
        let function = DurableFunction("nest") { (context: DurableContext) in
            try await context.step("outer") { _ in
                try await context.step("inner") { _ in 1 }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.message.contains("Step 'inner' was called on a context that is in the middle") == true)
        #expect(try await execution.history().allSatisfy { $0.operation?.name != "inner" })
    }

    @Test func `a context that outlives its branch is refused`() async throws {
        final class Keeper: @unchecked Sendable {  // Only one handler uses it, one call after the other.
            var context: DurableContext?
        }
        let keeper = Keeper()
        let function = DurableFunction("keep") { (context: DurableContext) in
            try await context.runInChildContext { child in
                keeper.context = child
            }
            try await keeper.context?.step("late") { _ in }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.cause.type == "ContextError")
        #expect(
            error?.message.contains("Step 'late' was called on a context whose handler or branch has ended") == true)
    }

    static let badCalls: [(String, @Sendable (DurableContext) async throws -> Void)] = [
        ("is not 1 to 256", { try await $0.step(String(repeating: "x", count: 257)) { _ in } }),
        ("is not 1 to 256", { try await $0.wait("tab\t", for: .seconds(1)) }),
        ("must be above zero", { try await $0.wait(for: .zero) }),
        ("must be above zero", { _ = try await $0.createCallback(of: Int.self, timeout: .seconds(-1)) }),
        ("must be above zero", { let _: Int = try await $0.waitForCallback(heartbeatTimeout: .zero) { _, _ in } }),
    ]

    @Test(arguments: 0..<badCalls.count)
    func `bad arguments are refused before anything is recorded`(index: Int) async throws {
        let (text, call) = Self.badCalls[index]
        let function = DurableFunction("bad") { (context: DurableContext) in try await call(context) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.cause.type == "ContextError")
        #expect(error?.message.contains(text) == true)
        #expect(try await execution.history().allSatisfy { $0.operation == nil })
    }

    @Test func `closing in the middle of a step records nothing of it, and the next open runs it again`() async throws {
        struct Interrupted: Error {}
        let calls = Calls()
        let gate = Gate()
        let function = DurableFunction("interrupted") { (context: DurableContext) in
            try await context.step("long", retry: .none) { _ in
                calls.note("body")
                guard calls.all.count == 1 else { return "finished" }
                gate.open()
                do {
                    try await Task.sleep(for: .days(1))
                } catch {
                    throw Interrupted()
                }
                return "never"
            }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await gate.pass()
        try await test.restart(grace: .zero)
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await execution.result() == "finished")
        #expect(try await execution.history().allSatisfy { $0.type != "StepFailed" })
        #expect(calls.all.count == 2)
    }

    @Test(arguments: [true, false])
    func `a handler is invoked for what it has not seen, and for nothing else`(isSeen: Bool) async throws {
        let (ids, gate) = (Calls(), Gate())
        let function = DurableFunction("seen") { (context: DurableContext) in
            let callback = try await context.createCallback("answer", of: Int.self)
            try await context.step("ask") { _ in
                ids.note(callback.id.description)
                await gate.pass()
            }
            try await context.wait(for: .hours(1))
            return try await callback.result()
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        if !isSeen {
            gate.open()
            await test.settle()
        }
        try await test.engine.complete(callback: CallbackID(ids.all[0]), with: 42)
        gate.open()
        #expect(try await execution.result() == 42)
        #expect(
            try await execution.history().notation
                == (isSeen
                    ? "a.kS b.sS a.kOK b.sOK c.wS INV c.wOK INV X" : "a.kS b.sS b.sOK c.wS INV a.kOK INV c.wOK INV X"))
    }
}
