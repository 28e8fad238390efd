import Foundation
import Indelible
import IndelibleTesting
import LogStorage
import Testing

/// The disk fails at each call in turn, the machine loses power, and the execution goes on from what was kept: it comes to
/// the same result by the same history.
@Suite(.bothWays) struct BatchCrashTests {
    static let bodies: [(name: String, isSequential: Bool, body: @Sendable (DurableContext) async throws -> Shown)] = [
        (
            "sequential", true,
            { context in
                let batch = try await context.map("map", [0, 1, 2], maxConcurrency: 1, completion: .allCompleted) {
                    item, context in
                    let number = try await context.step("step") { _ in item }
                    if item == 1 {
                        try await context.wait("wait", for: .seconds(1))
                        throw Flaky()
                    }
                    return number
                }
                let flat = try await context.parallel("flat", maxConcurrency: 1, nesting: .flat) {
                    for number in 0..<2 { DurableBranch { context in try await context.step { _ in number } } }
                }
                return [batch.summary, flat.summary, .list((batch.results + flat.results).map { .number($0) })]
            }
        ),
        (
            "early", true,
            { context in
                let batch = try await context.map("map", [0, 1, 2, 3], maxConcurrency: 1, completion: .successful(2)) {
                    item, context in
                    if item == 0 { throw Flaky() }
                    return try await context.step { _ in item }
                }
                return [batch.summary, .list(batch.results.map { .number($0) })]
            }
        ),
        (
            "large", true,
            { context in
                let batch = try await context.map(
                    "large", [0, 1, 2], maxConcurrency: 1, serdes: PaddingSerdes(), itemSerdes: .json
                ) { item, context in try await context.step { _ in item } }
                try await context.wait("after", for: .seconds(1))
                return .list(batch.results.map { .number($0) })
            }
        ),
        (
            "concurrent", false,
            { context in
                let batch = try await context.map("outer", [0, 1], completion: .allCompleted) { outer, context in
                    try await context.parallel("inner", nesting: outer == 0 ? .nested : .flat) {
                        DurableBranch { context in
                            try await context.wait(for: .seconds(1))
                            return try await context.step { _ in outer }
                        }
                        DurableBranch { context in
                            try await context.step(retry: .fixed(maxAttempts: 2, delay: .seconds(2))) { step in
                                if step.attempt == 1 { throw Flaky() }
                                return outer + 10
                            }
                        }
                    }.results
                }
                return .list(batch.results.map { .list($0.map { .number($0) }) })
            }
        ),
    ]

    @Test(arguments: 0..<bodies.count)
    func `a crash at any call to the disk changes neither the result nor the history`(index: Int) async throws {
        let (name, isSequential, body) = Self.bodies[index]
        let function = DurableFunction("crash-\(name)") { (context: DurableContext) in try await body(context) }
        let whole = try await TestEngine(functions: [function])
        let expected = try await whole.engine.start(function, name: "one")
        let result = try await expected.result()
        let record = Self.record(try await expected.history(), isSequential)

        var call = 0
        var hasFailed = true
        while hasFailed {
            call += 1
            let test = try await TestEngine(functions: [function], seed: UInt64(call))
            test.disk.fail(nth: call, of: .any, code: EIO, persists: true)
            hasFailed = await Self.isCutOff { try await test.engine.start(function, name: "one").result() }
            test.disk.stopFailing()
            try await test.crash()
            let execution = try await test.engine.start(function, name: "one")
            #expect(try await execution.result() == result, "call \(call)")
            let history = try await execution.history()
            #expect(Self.record(history, isSequential) == record, "call \(call)")
            expectNothingAfterItsContext(history)
        }
        #expect(call > 10)
    }

    private static func isCutOff(_ run: () async throws -> Shown) async -> Bool {
        do {
            _ = try await run()
            return false
        } catch {
            return true
        }
    }

    /// What stays the same: all but the ends of invocations; each operation's own events where several run at once.
    private static func record(_ history: [HistoryEvent], _ isSequential: Bool) -> [String] {
        let lines = history.filter { $0.type != "InvocationCompleted" }.map { event in
            "\(event.operation?.path ?? "") \(event.type) \(event.operation?.name ?? "") \(event.text?.prefix(300) ?? "")"
        }
        return isSequential ? lines : lines.sorted()
    }
}
