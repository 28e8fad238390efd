import Indelible
import IndelibleTesting
import Synchronization
import Testing

/// Branches that take turns in any order: neither the operations nor the result depend on it.
@Suite(.bothWays) struct BatchScheduleTests {
    static let scheduleCount = 500

    /// Branches and maps inside them, that wait, fail, and end one another. Bodies run inline, so that the seed orders them too.
    private static func body(_ context: DurableContext) async throws -> Shown {
        let (numbers, texts) = try await context.parallel(
            "both",
            DurableBranch("numbers") { context in
                try await context.map("outer", [1, 2, 3], maxConcurrency: 2) { outer, context in
                    let inner = try await context.map("inner", [0, 1], nesting: outer == 2 ? .flat : .nested) {
                        item, context in
                        for _ in 0..<item { await Task.yield() }
                        return try await context.step(execution: .inline) { _ in outer * 10 + item }
                    }
                    return inner.results.reduce(0, +)
                }.results
            },
            DurableBranch("texts") { context in
                let batch = try await context.map("failing", ["a", "b"], completion: .tolerating(failures: 1)) {
                    item, context in
                    if item == "b" {
                        try await context.wait("rest", for: .seconds(1))
                        throw Flaky()
                    }
                    return try await context.runInChildContext { context in
                        try await context.step(execution: .inline) { _ in item.uppercased() }
                    }
                }
                return batch.results + batch.errors.map(\.message)
            })
        return [.list(numbers.map { .number($0) }), .list(texts.map { .text($0) })]
    }

    @Test func `any order of turns gives the same operations and the same result`() async throws {
        let executor = SeededExecutor()
        let function = DurableFunction("schedule") { (context: DurableContext) in try await Self.body(context) }
        let options = EngineOptions(segmentSizes: [256 << 10], handlerExecutor: executor)
        let test = try await TestEngine(functions: [function], options: options)
        var expected: Set<String>?
        var orders: Set<[String]> = []
        for seed in 1...UInt64(Self.scheduleCount) {
            executor.reseed(seed)
            let execution = try await test.engine.start(function)
            #expect(try await execution.result() == [[21, 41, 61], ["A", "try again"]], "seed \(seed)")
            let history = try await execution.history()
            expectNothingAfterItsContext(history)
            let lines = history.compactMap { event in event.operation.map { "\($0.path) \($0) \(event.type)" } }
            orders.insert(lines)
            #expect(Set(lines).count == lines.count, "seed \(seed)")
            if let expected { #expect(Set(lines) == expected, "seed \(seed)") } else { expected = Set(lines) }
        }
        // The seeds do what they are for.
        #expect(orders.count > Self.scheduleCount / 2)
    }
}
