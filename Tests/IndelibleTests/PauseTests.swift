import Foundation
import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct PauseTests {
    static let resting = DurableFunction("rest") { (context: DurableContext) in
        try await context.wait("rest", for: .hours(1))
        return try await context.step("after") { _ in "done" }
    }

    static func code(_ command: () async throws -> Void) async -> DurableEngineError.Code? {
        await #expect(throws: DurableEngineError.self) { try await command() }?.code
    }

    @Test func `a paused execution's waits go on, and its handler when it is resumed`() async throws {
        let test = try await TestEngine(functions: [Self.resting])
        let execution = try await test.engine.start(Self.resting)
        await test.settle()
        try await execution.pause(reason: "audit")
        await test.advance(by: .hours(5))
        let paused = try await execution.description()
        #expect(paused.status == .paused)
        #expect(paused.standing.code == .paused)
        #expect(paused.pauseReason == "audit")
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: execution.id, of: Self.resting))
        await test.advance(by: .hours(5))
        #expect(try await after.status == .paused)
        try await after.resume(reason: "all is well")
        #expect(try await after.result() == "done")
        let history = try await after.history()
        #expect(history.operations == "a.wS PAUSED a.wOK RESUMED b.sS b.sOK X")
        let events = history.filter { $0.reason != nil }
        #expect(events.map(\.reason) == ["audit", "all is well"])
        #expect(events.first?.pausesTimeout == true)
    }

    @Test func `commands that do not fit where an execution stands are conflicts`() async throws {
        let test = try await TestEngine(functions: [Self.resting])
        let execution = try await test.engine.start(Self.resting)
        await test.settle()
        #expect(await Self.code { try await execution.resume() } == .conflict)
        try await execution.pause()
        #expect(await Self.code { try await execution.pause() } == .conflict)
        #expect(await Self.code { try await test.engine.delete(execution.id) } == .conflict)
        try await execution.resume()
        #expect(await Self.code { try await execution.resume() } == .conflict)
        #expect(try await execution.result() == "done")
        #expect(await Self.code { try await execution.pause() } == .conflict)
        #expect(await Self.code { try await execution.resume() } == .conflict)
        for id in ["none", "7-0123456789abcdef0123456789abcdef"] {
            #expect(await Self.code { try await test.engine.pause(id) } == .notFound)
            #expect(await Self.code { try await test.engine.resume(id) } == .notFound)
            #expect(await Self.code { try await test.engine.delete(id) } == .notFound)
        }
        let long = String(repeating: "r", count: 1_025)
        let other = try await test.engine.start(Self.resting)
        #expect(await Self.code { try await other.pause(reason: long) } == .invalidArgument)
        #expect(try await other.status == .running)
    }

    @Test func `a handler that runs is let to its next call, whose work is kept`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("run") { (context: DurableContext) in
            try await context.step("one") { _ in
                calls.note("one")
                await gate.pass()
            }
            try await context.step("two") { _ in calls.note("two") }
            return "done"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await execution.pause()
        #expect(try await execution.status == .pausing)
        #expect(await Self.code { try await execution.pause() } == .conflict)
        gate.open()
        await test.settle()
        #expect(try await execution.status == .paused)
        #expect(calls.all == ["one"])
        try await execution.resume()
        #expect(try await execution.result() == "done")
        #expect(calls.all == ["one", "two"])
        #expect(try await execution.history().operations == "a.sS a.sOK PAUSED RESUMED b.sS b.sOK X")
    }

    @Test func `a handler that ends before its next call has ended, whatever was asked`() async throws {
        let gate = Gate()
        let function = DurableFunction("end") { (context: DurableContext) in
            await gate.pass()
            return "done"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await execution.pause()
        gate.open()
        #expect(try await execution.result() == "done")
        #expect(try await execution.history().notation == "INV X")
    }

    @Test func `a pause that is taken back in time leaves no trace`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("back") { (context: DurableContext) in
            for name in ["one", "two"] {
                try await context.step(name) { _ in
                    calls.note(name)
                    await gate.pass()
                }
            }
            return "done"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await execution.pause()
        try await execution.resume()
        gate.open()
        #expect(try await execution.result() == "done")
        #expect(calls.all == ["one", "two"])
        #expect(try await execution.history().notation == "a.sS a.sOK b.sS b.sOK INV X")
    }

    @Test(arguments: [(true, ExecutionStatus.succeeded), (false, .timedOut)])
    func `a pause puts the execution's timeout off, unless it is told not to`(
        pausesTimeout: Bool, expected: ExecutionStatus
    ) async throws {
        let test = try await TestEngine(functions: [Self.resting])
        let execution = try await test.engine.start(Self.resting, timeout: .hours(2))
        await test.advance(by: .minutes(30))
        try await execution.pause(pausesTimeout: pausesTimeout)
        await test.advance(by: .days(3))
        if expected == .succeeded { try await execution.resume() }
        await test.settle()
        #expect(try await execution.status == expected)
    }

    @Test func `a branch that works when the other has been paused records nothing more, and does it again`()
        async throws
    {
        for round in 1...20 as ClosedRange<UInt64> {
            let function = DurableFunction("branches") { (context: DurableContext) in
                try await context.map("all", [1, 2, 3]) { number, branch in
                    for step in 1...5 { try await branch.step("\(number)-\(step)") { _ in } }
                    return number
                }.results.reduce(0, +)
            }
            let test = try await TestEngine(functions: [function], seed: round)
            let execution = try await test.engine.start(function)
            for _ in 0..<round * 3 { await Task.yield() }
            do { try await execution.pause() } catch let error as DurableEngineError {
                #expect(error.code == .conflict)
            }
            await test.settle()
            if try await execution.status == .paused { try await execution.resume() }
            #expect(try await execution.result() == 6)
            let history = try await execution.history()
            // What a pause cuts short is no crash.
            #expect(history.allSatisfy { $0.error == nil }, "seed \(round): \(history.notation)")
            #expect(history.count { $0.type == "StepSucceeded" } == 15, "seed \(round)")
        }
    }

    @Test func `a parked handler goes on where it was`() async throws {
        let calls = Calls()
        let function = DurableFunction("parked") { (context: DurableContext) in
            calls.note("begin")
            for _ in 0..<3 { try await context.wait(for: .minutes(1)) }
            calls.note("end")
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        for _ in 0..<3 {
            await test.settle()
            try await execution.pause()
            await test.advance(by: .minutes(1))
            try await execution.resume()
        }
        try await execution.result()
        #expect(calls.all == Array(repeating: "begin", count: handlersAreParked ? 1 : 4) + ["end"])
    }
}
