import Indelible
import IndelibleTesting
import Testing

/// Handlers that stay in memory while their executions are suspended. Each test says how many may.
@Suite struct ParkedHandlerTests {
    /// Notes when it begins, goes on and unwinds, over a number of waits of an hour.
    static func function(_ calls: Calls, waits: Int = 1) -> DurableFunction<Int, Int> {
        DurableFunction("parked") { (number: Int, context: DurableContext) in
            calls.note("begin \(number)")
            defer { calls.note("leave \(number)") }
            for _ in 0..<waits {
                do {
                    try await context.wait(for: .hours(1))
                } catch {
                    calls.note("unwind \(number)")
                    throw error
                }
            }
            return number
        }
    }

    static func engine(parking count: Int, _ functions: any EngineFunction...) async throws -> TestEngine {
        try await TestEngine(
            functions: functions, options: EngineOptions(segmentSizes: [256 << 10], parkedHandlersMax: count))
    }

    @Test func `a parked handler goes on where it was, and its blocks hear nothing of it`() async throws {
        let calls = Calls()
        let function = Self.function(calls, waits: 3)
        let test = try await Self.engine(parking: 8, function)
        let execution = try await test.engine.start(function, input: 1)
        await test.settle()
        #expect(test.engine.parkedHandlerCount == 1)
        #expect(try await execution.result() == 1)
        #expect(calls.all == ["begin 1", "leave 1"])
        #expect(test.engine.parkedHandlerCount == 0)
        #expect(try await execution.history().notation == "a.wS INV a.wOK b.wS INV b.wOK c.wS INV c.wOK INV X")
    }

    @Test func `the one that has waited for longest makes room for the newest, and replays`() async throws {
        let calls = Calls()
        let function = Self.function(calls)
        let test = try await Self.engine(parking: 2, function)
        var executions: [ExecutionHandle<Int>] = []
        for number in 1...4 {
            executions.append(try await test.engine.start(function, input: number))
            await test.settle()
        }
        #expect(test.engine.parkedHandlerCount == 2)
        #expect(Set(calls.all.filter { $0.hasPrefix("unwind") }) == ["unwind 1", "unwind 2"])
        for (index, execution) in executions.enumerated() { #expect(try await execution.result() == index + 1) }
        #expect((1...4).map { calls.count(of: "begin \($0)") } == [2, 2, 1, 1])
        #expect(Set(try await notations(executions)).count == 1)
    }

    private func notations(_ executions: [ExecutionHandle<Int>]) async throws -> [String] {
        var notations: [String] = []
        for execution in executions { notations.append(try await execution.history().notation) }
        return notations
    }

    @Test func `with none allowed every handler is unwound`() async throws {
        let calls = Calls()
        let function = Self.function(calls)
        let test = try await Self.engine(parking: 0, function)
        let execution = try await test.engine.start(function, input: 1)
        await test.settle()
        #expect(test.engine.parkedHandlerCount == 0)
        #expect(calls.all == ["begin 1", "unwind 1", "leave 1"])
        #expect(try await execution.result() == 1)
    }

    @Test func `code that is registered meanwhile replays, and the old handler is unwound`() async throws {
        let (old, new) = (Calls(), Calls())
        let test = try await Self.engine(parking: 8, Self.function(old))
        let execution = try await test.engine.start(Self.function(old), input: 1)
        await test.settle()
        try await test.engine.register(Self.function(new))
        #expect(test.engine.parkedHandlerCount == 1)
        #expect(try await execution.result() == 1)
        await test.settle()
        #expect(new.all == ["begin 1", "leave 1"])
        while old.all.count < 3 { await Task.yield() }
        #expect(old.all == ["begin 1", "unwind 1", "leave 1"])
        #expect(test.engine.parkedHandlerCount == 0)
    }

    enum End: CaseIterable {
        case stop, timeout, deletion, restart, crash
    }

    @Test(arguments: End.allCases)
    func `an end from outside gives the handler up`(end: End) async throws {
        let calls = Calls()
        let function = Self.function(calls)
        let test = try await Self.engine(parking: 8, function)
        let execution = try await test.engine.start(function, input: 1, timeout: end == .timeout ? .minutes(1) : nil)
        await test.settle()
        #expect(test.engine.parkedHandlerCount == 1)
        switch end {
        case .stop: try await execution.stop()
        case .timeout: await test.advance(by: .minutes(1))
        case .deletion:
            try await execution.stop()
            try await test.engine.delete(execution.id)
        case .restart: try await test.restart()
        case .crash: try await test.crash()
        }
        await test.settle()
        // After a crash the handler may have run again, and be parked again.
        if end != .crash { #expect(test.engine.parkedHandlerCount == 0) }
        while calls.all.count < 3 { await Task.yield() }
        #expect(calls.all.prefix(3) == ["begin 1", "unwind 1", "leave 1"])
    }

    @Test func `executions that are stopped while they are being parked leave nothing behind`() async throws {
        for seed in 1...60 as ClosedRange<UInt64> {
            let function = DurableFunction("short") { (number: Int, context: DurableContext) in
                try await context.wait(for: .hours(1))
            }
            let test = try await TestEngine(
                functions: [function], seed: seed,
                options: EngineOptions(segmentSizes: [256 << 10], parkedHandlersMax: 8))
            try await withThrowingTaskGroup { group in
                for number in 1...4 {
                    group.addTask {
                        let execution = try await test.engine.start(function, input: number)
                        for _ in 0..<Int(seed) { await Task.yield() }
                        try await execution.stop()
                    }
                }
                try await group.waitForAll()
            }
            await test.settle()
            for _ in 0..<1_000 where test.engine.parkedHandlerCount > 0 { await Task.yield() }
            #expect(test.engine.parkedHandlerCount == 0, "seed \(seed)")
        }
    }

    @Test func `what a handler's task carries stays with it`() async throws {
        enum Local { @TaskLocal static var value = 0 }
        let function = DurableFunction("local") { (context: DurableContext) in
            try await Local.$value.withValue(7) {
                try await context.runInVirtualContext { child in
                    try await child.wait(for: .hours(1))
                    return try await child.step { _ in Local.value }
                }
            }
        }
        let test = try await Self.engine(parking: 8, function)
        #expect(try await test.engine.start(function).result() == 7)
    }

    @Test func `a handler stays parked over a thousand suspensions`() async throws {
        let calls = Calls()
        let function = Self.function(calls, waits: 1_000)
        let test = try await Self.engine(parking: 1, function)
        let execution = try await test.engine.start(function, input: 1)
        #expect(try await execution.result() == 1)
        #expect(calls.all == ["begin 1", "leave 1"])
        #expect(try await execution.history().count { $0.type == "WaitSucceeded" } == 1_000)
    }

}
