import Indelible
import IndelibleTesting
import Synchronization
import Testing

/// Branches that take turns in any order: neither the operations nor the result depend on it.
@Suite struct BatchScheduleTests {
    /// Each runs both ways.
    static let scheduleCount = 1_000

    /// Branches and maps inside them, that wait, fail, and end one another. Bodies run inline, so that the seed orders them too.
    private static func body(_ context: DurableContext) async throws -> Shown {
        let (numbers, texts) = try await context.parallel(
            "both",
            DurableBranch("numbers") { context in
                try await context.map("outer", [1, 2], maxConcurrency: 2) { outer, context in
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

    @Test func `any order of turns records the same operations and values, with handlers parked and without`()
        async throws
    {
        // One set for both ways, so that they are compared with each other too.
        var expected: Set<String>?
        for parkedHandlersMax in [0, 64] {
            try await TestEngine.$parkedHandlersMax.withValue(parkedHandlersMax) {
                try await Self.expectSame(as: &expected)
            }
        }
    }

    /// Runs every schedule. The first one says what is expected, where nothing is.
    private static func expectSame(as expected: inout Set<String>?) async throws {
        let executor = SeededExecutor()
        let function = DurableFunction("schedule") { (context: DurableContext) in try await body(context) }
        let options = EngineOptions(segmentSizes: [256 << 10], handlerExecutor: executor)
        let test = try await TestEngine(functions: [function], options: options)
        var orders: Set<[String]> = []
        for seed in 1...UInt64(scheduleCount) {
            let label: Comment = "seed \(seed), handlers parked: \(handlersAreParked)"
            executor.reseed(seed)
            let execution = try await test.engine.start(function)
            #expect(try await execution.result() == [[21, 41], ["A", "try again"]], label)
            let history = try await execution.history()
            expectNothingAfterItsContext(history)
            let lines = history.compactMap(line)
            orders.insert(lines)
            #expect(Set(lines).count == lines.count, label)
            let difference = expected?.symmetricDifference(lines) ?? []
            #expect(difference.isEmpty, label)
            if expected == nil { expected = Set(lines) }
        }
        // The seeds do what they are for.
        #expect(orders.count > scheduleCount / 2)
    }

    /// What an event says of an operation, but for when.
    private static func line(_ event: HistoryEvent) -> String? {
        guard let operation = event.operation else { return nil }
        let payload = event.payload.map { " " + String(decoding: $0, as: UTF8.self) } ?? ""
        let error = event.error.map { " \($0)" } ?? ""
        return "\(operation) in \(operation.parentPath ?? "none") \(event.type)\(payload)\(error)"
    }
}
