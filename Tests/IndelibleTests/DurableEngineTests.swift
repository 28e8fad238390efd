import Foundation
import Indelible
import IndelibleTesting
import Synchronization
import Testing

@Suite(.bothWays) struct DurableEngineTests {
    static let double = DurableFunction("double") { (number: Int, context: DurableContext) in
        try await context.wait(for: .hours(1))
        return number * 2
    }

    @Test func `a name and an input that were there before find the execution again, before and after a restart`()
        async throws
    {
        let test = try await TestEngine(functions: [Self.double])
        let first = try await test.engine.start(Self.double, input: 4, name: "four")
        let again = try await test.engine.start(Self.double, input: 4, name: "four")
        #expect(again.id == first.id)
        try await test.crash()
        let after = try await test.engine.start(Self.double, input: 4, name: "four")
        #expect(after.id == first.id)
        #expect(try await after.result() == 8)
        #expect(try await test.engine.executions(of: "double").count == 1)
    }

    @Test func `bad starts are refused, each with its own code`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let blob = DurableFunction("double") { (text: String, _: DurableContext) in text.count }
        let unknown = DurableFunction("unknown") { (number: Int, _: DurableContext) in number }
        _ = try await test.engine.start(Self.double, input: 4, name: "taken")
        func code(_ start: () async throws -> Void) async -> DurableEngineError.Code? {
            await #expect(throws: DurableEngineError.self) { try await start() }?.code
        }
        #expect(await code { _ = try await test.engine.start(Self.double, input: 5, name: "taken") } == .nameTaken)
        #expect(await code { _ = try await test.engine.start(unknown, input: 5) } == .unknownFunction)
        #expect(
            await code {
                _ = try await test.engine.start(Self.double, input: 5, name: String(repeating: "n", count: 65))
            } == .invalidArgument)
        #expect(await code { _ = try await test.engine.start(Self.double, input: 5, name: "a b") } == .invalidArgument)
        #expect(
            await code {
                _ = try await test.engine.start(blob, input: String(repeating: "x", count: 16 << 20))
            } == .invalidArgument)
    }

    @Test(arguments: [["twice", "twice"], ["a b"], [""], [String(repeating: "f", count: 141)]])
    func `functions with bad or equal names are refused`(names: [String]) async throws {
        let functions = names.map { DurableFunction($0) { (context: DurableContext) in } }
        let error = await #expect(throws: DurableEngineError.self) { try await TestEngine(functions: functions) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `an execution whose function is not registered says so and goes on when it is`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        _ = try await test.engine.start(Self.double, input: 4, name: "four")
        await test.settle()
        try await test.restart(functions: [])
        await test.advance(by: .hours(2))
        let waiting = try #require(try await test.engine.executions(status: .running).first)
        #expect(waiting.standing.code == .functionNotRegistered)
        try await test.engine.register(Self.double)
        let execution = try #require(try await test.engine.execution(id: waiting.id, of: Self.double))
        #expect(try await execution.result() == 8)
    }

    @Test func `an execution that is not there is nil`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        #expect(try await test.engine.execution(named: "none", of: Self.double) == nil)
        #expect(try await test.engine.execution(id: "none", of: Self.double) == nil)
        #expect(
            try await test.engine.execution(id: "7-0123456789abcdef0123456789abcdef", of: Self.double) == nil)
    }

    @Test func `a result that does not come in time is a timeout, and comes later`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let execution = try await test.engine.start(Self.double, input: 4)
        let error = await #expect(throws: DurableEngineError.self) { try await execution.result(timeout: .minutes(59)) }
        #expect(error?.code == .timedOut)
        #expect(try await execution.result(timeout: .minutes(2)) == 8)
    }

    @Test func `a cancelled wait is a cancellation, and the execution goes on`() async throws {
        let gate = Gate()
        let function = DurableFunction("held") { (context: DurableContext) in
            try await context.step { _ in await gate.pass() }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        let waiter = Task { try await execution.result() }
        waiter.cancel()
        await #expect(throws: CancellationError.self) { try await waiter.value }
        gate.open()
        try await execution.result()
    }

    @Test func `a stopped execution says why, and stopping it again changes nothing`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let execution = try await test.engine.start(Self.double, input: 4)
        await test.settle()
        try await execution.stop(error: RecordedError(type: "Fraud", message: "the card was stolen"))
        try await execution.stop()
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.status == .stopped)
        #expect(error?.message == "the card was stolen")
    }

    @Test func `an execution that takes too long times out`() async throws {
        let slow = DurableFunction("slow", options: FunctionOptions(executionTimeout: .minutes(30))) {
            (context: DurableContext) in try await context.wait(for: .hours(1))
        }
        let test = try await TestEngine(functions: [slow])
        let execution = try await test.engine.start(slow)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.status == .timedOut)
    }

    @Test func `a closed engine refuses and says so`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let engine = test.engine
        #expect(engine.health.code == .running)
        try await engine.close(grace: .zero)
        try await engine.close(grace: .zero)
        #expect(engine.health.code == .closed)
        try await engine.run()
        let error = await #expect(throws: DurableEngineError.self) { try await engine.start(Self.double, input: 1) }
        #expect(error?.code == .closed)
    }

    @Test func `a directory holds a log of one engine at a time, or is refused as it is`() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "indelible-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: root) }
        let path = root.appending(path: "log").path
        let options = EngineOptions(segmentSizes: [256 << 10])
        let engine = try await DurableEngine.open(at: path, functions: [Self.double], options: options)
        let inUse = await #expect(throws: DurableEngineError.self) { try await DurableEngine.open(at: path) }
        #expect(inUse?.code == .logInUse)
        _ = try await engine.start(Self.double, input: 1, name: "one")
        try await engine.close(grace: .zero)

        let reopened = try await DurableEngine.open(at: path, functions: [Self.double], options: options)
        #expect(try await reopened.execution(named: "one", of: Self.double) != nil)
        try await reopened.close()

        try Data("hello".utf8).write(to: root.appending(path: "notes.txt"))
        for other in [root.path, root.appending(path: "notes.txt").path] {
            let error = await #expect(throws: DurableEngineError.self) { try await DurableEngine.open(at: other) }
            #expect(error?.code == .notALog)
        }
        #expect(try String(contentsOf: root.appending(path: "notes.txt"), encoding: .utf8) == "hello")
    }

    @Test func `an invocation that crashed is delivered again, and its steps are not repeated`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("redeliver") { (context: DurableContext) in
            calls.note("handler")
            let one = try await context.step("one") { _ in
                calls.note("one")
                return 1
            }
            return try await context.step("two") { _ in
                calls.note("two")
                if calls.count(of: "two") == 1 { await gate.pass() }
                return one + 1
            }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await gate.arrival()
        try await test.crash()
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await execution.result() == 2)
        #expect(calls.all == ["handler", "one", "two", "handler", "two"])
    }

    @Test func `a hung handler is cut off by its timeout and runs again`() async throws {
        let calls = Calls()
        let gate = Gate()
        let hung = DurableFunction("hung", options: FunctionOptions(invocationTimeout: .minutes(1))) {
            (context: DurableContext) in
            try await context.step("once") { _ in calls.note("step") }
            calls.note("handler")
            if calls.count(of: "handler") == 1 { await gate.pass() }
            return "done"
        }
        let test = try await TestEngine(functions: [hung])
        let execution = try await test.engine.start(hung)
        await gate.arrival()
        await test.advance(by: .minutes(1), waitsForHandlers: false)
        #expect(try await execution.result() == "done")
        #expect(calls.all == ["step", "handler", "handler"])
        let error = try await execution.history().compactMap(\.error).first
        #expect(error?.message == "Function timed out after 60 seconds")
    }

    @Test func `no more handlers run at once than a function allows`() async throws {
        let counter = Mutex((running: 0, most: 0))
        let limited = DurableFunction("limited", options: FunctionOptions(concurrencyLimit: 2)) {
            (number: Int, context: DurableContext) in
            try await context.step { _ in
                counter.withLock { $0 = ($0.running + 1, max($0.most, $0.running + 1)) }
                for _ in 0..<10 { await Task.yield() }
                counter.withLock { $0.running -= 1 }
                return number
            }
        }
        let test = try await TestEngine(functions: [limited])
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 1...20 {
                group.addTask { try await test.engine.start(limited, input: number).result() }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == 210)
        #expect(counter.withLock { $0.most } <= 2)
    }

    @Test func `a service ends with its shutdown, its executions at rest`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let engine = test.engine
        _ = try await engine.start(Self.double, input: 1)
        let service = Task { try await engine.run() }
        service.cancel()
        try await service.value
        #expect(engine.health.code == .closed)
    }

    @Test func `a handler on an executor of its own runs its steps' bodies on the pool, unless they are inline`()
        async throws
    {
        let places = Calls()
        let executor = NamedExecutor("handlers")
        let function = DurableFunction("places") { (context: DurableContext) in
            places.note("handler \(NamedExecutor.current ?? "pool")")
            try await context.step { _ in places.note("body \(NamedExecutor.current ?? "pool")") }
            try await context.step(execution: .inline) { _ in places.note("inline \(NamedExecutor.current ?? "pool")") }
            places.note("handler \(NamedExecutor.current ?? "pool")")
        }
        let options = EngineOptions(segmentSizes: [256 << 10], handlerExecutor: executor)
        let test = try await TestEngine(functions: [function], options: options)
        try await test.engine.start(function).result()
        #expect(places.all == ["handler handlers", "body pool", "inline handlers", "handler handlers"])
    }
}
