import Indelible
import IndelibleTesting
import Testing

/// Executions that have ended: kept, deleted, forgotten.
@Suite(.bothWays) struct RetentionTests {
    static func function(retention: Duration? = nil) -> DurableFunction<Int, Int> {
        DurableFunction("work", options: FunctionOptions(retention: retention)) {
            (number: Int, context: DurableContext) in
            try await context.wait(for: .hours(1))
            return number
        }
    }

    static func isFound(_ id: String, _ function: DurableFunction<Int, Int>, _ test: TestEngine) async throws -> Bool {
        try await test.engine.execution(id: id, of: function) != nil
    }

    @Test func `a deleted execution is found by nobody, and its name is free`() async throws {
        let function = Self.function()
        let test = try await TestEngine(functions: [function])
        let first = try await test.engine.start(function, input: 1, name: "one")
        #expect(try await first.result() == 1)
        try await test.engine.delete(first.id)
        for isRestarted in [false, true] {
            if isRestarted { try await test.crash() }
            #expect(try await Self.isFound(first.id, function, test) == false)
            #expect(try await test.engine.execution(named: "one", of: function) == nil)
            #expect(try await test.engine.executions().isEmpty)
        }
        let error = await #expect(throws: DurableEngineError.self) { try await test.engine.delete(first.id) }
        #expect(error?.code == .notFound)
        let second = try await test.engine.start(function, input: 2, name: "one")
        #expect(second.id != first.id)
        #expect(try await second.result() == 2)
    }

    @Test func `whoever holds a deleted execution is told that it is not there`() async throws {
        let function = Self.function()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: 1)
        try await execution.stop()
        try await test.engine.delete(execution.id)
        func code(_ ask: () async throws -> Void) async -> DurableEngineError.Code? {
            await #expect(throws: DurableEngineError.self) { try await ask() }?.code
        }
        #expect(await code { _ = try await execution.result() } == .notFound)
        #expect(await code { _ = try await execution.description() } == .notFound)
        #expect(await code { _ = try await execution.history() } == .notFound)
        #expect(await code { try await execution.stop() } == .notFound)
        #expect(await code { try await execution.cancel() } == .notFound)
    }

    @Test(arguments: [true, false])
    func `an execution is kept for as long as its function said at its start, from its end`(isCrashed: Bool)
        async throws
    {
        let function = Self.function(retention: .days(7))
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: 1)
        await test.advance(by: .hours(1))
        // Another retention concerns executions that begin later.
        if isCrashed { try await test.crash(functions: [Self.function(retention: .days(90))]) }
        await test.advance(by: .days(7) - .seconds(1))
        #expect(try await Self.isFound(execution.id, function, test))
        await test.advance(by: .seconds(1))
        #expect(try await Self.isFound(execution.id, function, test) == false)
    }

    @Test func `without a retention an execution is kept`() async throws {
        let function = Self.function()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: 1)
        await test.advance(by: .days(10_000))
        #expect(try await execution.result() == 1)
    }

    @Test func `an execution whose end its invoker has not heard is kept until then`() async throws {
        let child = Self.function(retention: .seconds(1))
        let parent = DurableFunction("parent") { (context: DurableContext) in try await context.invoke(child, input: 5)
        }
        let test = try await TestEngine(functions: [parent, child])
        #expect(try await test.engine.start(parent).result() == 5)
        await test.advance(by: .seconds(1))
        #expect(try await test.engine.executions(of: "work").isEmpty)
    }
}
