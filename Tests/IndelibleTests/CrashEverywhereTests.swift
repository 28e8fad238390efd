import Indelible
import IndelibleTesting
import Testing

/// The tool itself: it passes what is right, finds what is wrong, and gives the same runs for the same seed.
@Suite struct CrashEverywhereTests {
    @Test func `a handler of steps, a wait and a callback survives everything`() async throws {
        let report = try await crashEverywhere(
            input: "order-1", seed: 7, answers: [.complete("approval", with: true)]
        ) { effects in
            DurableFunction("pay") { (order: String, context: DurableContext) in
                let charge = try await context.step("charge") { step in
                    effects.note("charge \(order)")
                    return "charge-\(step.idempotencyKey)"
                }
                let isApproved: Bool = try await context.waitForCallback("approval") { id, _ in
                    effects.note("ask")
                }
                try await context.wait("window", for: .hours(24))
                return isApproved ? charge : "refused"
            }
        }
        // Eight records with three points each, and the bodies of two steps.
        #expect(report.pointCount == 26)
        #expect(report.runCount == 1 + 4 * report.pointCount)
    }

    @Test func `an effect outside of any step is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(seed: 7) { effects in
                DurableFunction("careless") { (context: DurableContext) in
                    effects.note("e-mail sent")
                    return try await context.step("charge") { _ in 1 }
                }
            }
        }
        #expect(error?.description.contains("'e-mail sent' happened 2 times outside of any step") == true)
        #expect(error?.description.contains("run it again with seed: 7") == true)
    }

    @Test func `a result that depends on the run is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(seed: 7) { _ in
                DurableFunction("random") { (context: DurableContext) in
                    let number = Int.random(in: 0..<1 << 60)
                    try await context.step("use") { _ in }
                    return number
                }
            }
        }
        #expect(error?.differences.contains { $0.contains("its result is") } == true)
    }

    @Test func `a step that runs at most once, and does its work twice, is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(seed: 7) { effects in
                DurableFunction("twice") { (context: DurableContext) in
                    try await context.step("safe", semantics: .atMostOncePerRetry) { _ in effects.note("once") }
                    // The same work again, by hand, and outside of what was declared.
                    if context.executionName.isEmpty == false { effects.note("once") }
                    try await context.step("after") { _ in }
                }
            }
        }
        #expect(error?.differences.isEmpty == false)
    }

    @Test func `the same seed tries the same`() async throws {
        func points() async throws -> Int {
            try await crashEverywhere(seed: 3) { _ in
                DurableFunction("retry") { (context: DurableContext) in
                    try await context.step("flaky", retry: .exponential(jitter: .full)) { step in
                        if step.attempt < 3 { throw Flaky() }
                    }
                }
            }.pointCount
        }
        let first = try await points()
        #expect(try await points() == first)
    }
}
