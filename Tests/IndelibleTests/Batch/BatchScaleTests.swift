import Indelible
import IndelibleTesting
import Testing

/// Batches that a cost of n² would make take minutes. `indelible bench map` measures them.
@Suite(.bothWays(resultLengthInMemoryMax: 4_096), .timeLimit(.minutes(10))) struct BatchScaleTests {
    @Test func `a map in a parallel in a child context is put together again after a restart`() async throws {
        let count = 1_000
        let function = DurableFunction("large") { (context: DurableContext) in
            let texts = try await context.runInChildContext("all", serdes: .json) { context in
                try await context.parallel("halves") {
                    for half in 0..<2 {
                        DurableBranch { context in
                            try await context.map(
                                "items", Array(0..<count / 2), maxConcurrency: 50
                            ) { item, context in
                                try await context.step { _ in "\(half) \(item) " + String(repeating: "x", count: 1_024)
                                }
                            }.throwIfError().results
                        }
                    }
                }.throwIfError().results
            }
            try await context.wait(for: .hours(1))
            return texts.map { texts in texts.map { String($0.prefix { $0 != "x" }) } }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await test.settle()
        try await test.restart()
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await execution.result() == (0..<2).map { half in (0..<count / 2).map { "\(half) \($0) " } })
        #expect(try await execution.history().count { $0.type == "StepSucceeded" } == count)
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `a thousand branches run at once`(nesting: BatchNesting) async throws {
        let function = DurableFunction("thousand") { (context: DurableContext) in
            try await context.parallel("all", nesting: nesting) {
                for branch in 0..<1_000 { DurableBranch { context in try await context.step { _ in branch } } }
            }.results.reduce(0, +)
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == 499_500)
    }

    @Test func `ten thousand items wait at once, and are due at once`() async throws {
        let function = DurableFunction("waits") { (context: DurableContext) in
            try await context.map(Array(0..<10_000), nesting: .flat) { item, context in
                try await context.wait(for: .hours(1))
                return item
            }.results.reduce(0, +)
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == 49_995_000)
    }

    @Test func `ten thousand items are abandoned at once`() async throws {
        let function = DurableFunction("race") { (context: DurableContext) in
            let batch = try await context.map(Array(0..<10_000), completion: .firstSuccessful, nesting: .flat) {
                item, context in
                try await context.wait(for: item == 5_000 ? .seconds(1) : .hours(1))
                return item
            }
            return batch.results + [batch.startedCount]
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == [5_000, 9_999])
    }
}
