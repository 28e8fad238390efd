import Indelible
import IndelibleTesting
import Testing

/// A cancellation, and a crash at every moment before, during and after it.
@Suite(.bothWays) struct CancellationCrashTests {
    typealias Handler = @Sendable (Effects, DurableContext) async throws -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var handler: Handler
    }

    static let cases: [Case] = [
        Case(testDescription: "a wait") { _, context in try await context.wait("open", for: .hours(1)) },
        Case(testDescription: "a callback") { effects, context in
            let callback = try await context.createCallback("open", of: Int.self)
            try await context.step("hand out") { _ in effects.note("hand out") }
            _ = try await callback.result()
        },
        Case(testDescription: "a callback alone") { _, context in
            _ = try await context.createCallback("open", of: Int.self).result()
        },
        Case(testDescription: "an invoke") { _, context in
            _ = try await context.invoke(FunctionReference<Void, String>("child"), name: "open")
        },
        Case(testDescription: "a retry") { effects, context in
            try await context.step("open", retry: .fixed(delay: .hours(1))) { step in
                effects.note("attempt \(step.attempt)")
                throw Flaky()
            }
        },
        Case(testDescription: "a condition") { effects, context in
            _ = try await context.waitForCondition("open", from: 0, poll: .until({ _ in false }, every: .hours(1))) {
                state, _ in
                effects.note("check \(state)")
                return state + 1
            }
        },
        Case(testDescription: "contexts") { effects, context in
            try await context.runInChildContext("recorded") { child in
                try await child.step("before") { _ in effects.note("before") }
                try await child.runInVirtualContext("virtual") { inner in try await inner.wait("open", for: .hours(1)) }
            }
        },
        Case(testDescription: "branches") { effects, context in
            _ = try await context.parallel("both") {
                DurableBranch("one") { branch in
                    try await branch.wait("open", for: .hours(1))
                    return 1
                }
                DurableBranch("two") { branch in
                    try await branch.step("two") { _ in effects.note("two") }
                    try await branch.wait("as long", for: .hours(2))
                    return 2
                }
            }
        },
    ]

    @Test(arguments: cases)
    func `is told at the same place, undone and recorded the same, whatever happens`(waiting: Case) async throws {
        let report = try await crashEverywhere(
            seed: 5, cancelledDuring: "open", others: { _ in [CancellationTests.child] }
        ) { effects in
            DurableFunction("wait") { (context: DurableContext) in
                try await context.saga { saga in
                    try await saga.step("book") { _ in
                        effects.note("book")
                    } compensation: { _ in
                        effects.note("undo")
                    }
                    do {
                        try await waiting.handler(effects, context)
                    } catch let error as ExecutionCancelledError {
                        try await context.step("told") { _ in effects.note("told: \(error.reason ?? "")") }
                        throw error
                    }
                }
            }
        }
        #expect(report.pointCount > 10)
    }

    @Test func `a wait that ends at the moment of the request has ended or is taken back, and not both`() async throws {
        let seeds: [UInt64] = Array(1...40)
        for seed in seeds {
            let function = DurableFunction("race") { (context: DurableContext) in
                do {
                    try await context.wait("open", for: .hours(1))
                } catch is ExecutionCancelledError {
                    try await context.step("undo") { _ in }
                    return "told"
                }
                return "ended"
            }
            let test = try await TestEngine(functions: [function], seed: seed)
            let execution = try await test.engine.start(function)
            await test.settle()
            async let time: Void = test.advance(by: .hours(1))
            for _ in 0..<seed { await Task.yield() }
            try await execution.cancel()
            await time
            let result = try await execution.result()
            let history = try await execution.history()
            let hasEnded = history.contains(.succeeded("open"))
            #expect(hasEnded != history.contains(.cancelled("open")), "seed \(seed): \(history.notation)")
            // The handler may be told in the wait although its time has come; not the other way around.
            if result == "ended" { #expect(hasEnded, "seed \(seed): \(history.notation)") }
            try await test.crash()
            let after = try #require(try await test.engine.execution(id: execution.id, of: function))
            #expect(try await after.result() == result, "seed \(seed)")
        }
    }

    @Test func `a callback's answer and the request race, and the execution ends by one of them`() async throws {
        for seed in 1...40 as ClosedRange<UInt64> {
            let function = DurableFunction("race") { (context: DurableContext) in
                do {
                    // Asked before the handler has begun, it is told here.
                    let callback = try await context.createCallback("open", of: String.self)
                    let answer = try await callback.result()
                    try await context.step("after") { _ in }
                    return answer
                } catch is ExecutionCancelledError {
                    return "told"
                }
            }
            let test = try await TestEngine(functions: [function], seed: seed)
            let execution = try await test.engine.start(function)
            async let answered: Void = test.complete(callback: "open", of: execution.id, with: "answered")
            for _ in 0..<seed { await Task.yield() }
            try await execution.cancel()
            do { try await answered } catch is TestEngineError {} catch is DurableEngineError {}
            let result = try await execution.result(timeout: .hours(1))
            #expect(["answered", "told"].contains(result), "seed \(seed)")
        }
    }

    @Test func `branches that begin to wait while it is asked are all told`() async throws {
        for seed in 1...10 as ClosedRange<UInt64> {
            let function = DurableFunction("branches") { (context: DurableContext) in
                _ = try await context.map("all", Array(1...40)) { number, branch in
                    for _ in 0..<number % 7 { try await branch.step { _ in } }
                    return try await branch.createCallback(of: Int.self).result()
                }
            }
            let test = try await TestEngine(functions: [function], seed: seed)
            let execution = try await test.engine.start(function)
            for _ in 0..<seed * 5 { await Task.yield() }
            try await execution.cancel()
            let error = await #expect(throws: ExecutionError.self, "seed \(seed)") {
                try await execution.result(timeout: .hours(1))
            }
            #expect(error?.cause.type == "ExecutionCancelledError", "seed \(seed)")
        }
    }
}
