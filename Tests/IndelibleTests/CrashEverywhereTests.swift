import Foundation
import Indelible
import Synchronization
import Testing

@testable import IndelibleTesting

/// The tool itself: it passes what is right, and gives the same runs for the same seed.
@Suite struct CrashEverywhereTests {
    @Test(.bothWays) func `a handler of steps, a wait and a callback survives everything`() async throws {
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
        // Eight records with three points each, the bodies of two steps, two rests, and the end before and after its record.
        #expect(report.pointCount == 30)
        // Four ways at each, three where no handler runs; and ten with a second interruption.
        #expect(report.runCount == 1 + 27 * 4 + 3 * 3 + 10)
    }

    @Test(.bothWays) func `a handler without operations is interrupted around its end`() async throws {
        let report = try await crashEverywhere(seed: 7) { _ in DurableFunction("brief") { (_: DurableContext) in 1 } }
        #expect(report.pointCount == 2)
    }

    static func world(
        seed: UInt64, _ handler: @escaping @Sendable (Effects, DurableContext) async throws -> String
    ) -> CrashWorld {
        let function: @Sendable (Effects) -> DurableFunction<Void, String> = { effects in
            DurableFunction("handler") { (context: DurableContext) in try await handler(effects, context) }
        }
        return CrashWorld(
            seed: seed, startTime: Date(timeIntervalSince1970: 1_764_547_200), answers: [],
            functions: { [function($0)] },
            start: { try await $0.start(function($1), name: CrashRun.executionName).id })
    }

    /// Three attempts, whose delays and key follow from the execution's id.
    private static let retry: @Sendable (Effects, DurableContext) async throws -> String = { effects, context in
        try await context.step("flaky", retry: .exponential(jitter: .full)) { step in
            effects.note("attempt")
            if step.attempt < 3 { throw Flaky() }
            return step.idempotencyKey
        }
    }

    @Test(arguments: CrashInterruption.allCases)
    func `the same seed gives the same runs, and another seed another execution`(kind: CrashInterruption) async throws {
        func run(seed: UInt64) async throws -> CrashRun.Outcome {
            try await CrashRun(Self.world(seed: seed, Self.retry), interruptions: [(3, kind), (12, kind)]).run()
        }
        let (first, again, other) = (try await run(seed: 3), try await run(seed: 3), try await run(seed: 4))
        #expect(again.points == first.points)
        #expect(again.effects == first.effects)
        // A process's end is told by when it came; everything else is the same to the millisecond.
        let (now, then) = (again.executions.map(\.history), first.executions.map(\.history))
        #expect(now.map(\.notation) == then.map(\.notation))
        #expect(now.flatMap { $0.map(\.time) } == then.flatMap { $0.map(\.time) })
        #expect(again.executions[0].result == first.executions[0].result)
        #expect(other.executions[0].result != first.executions[0].result)
        #expect(other.executions[0].history.compactMap(\.nextAttemptDelay) != then[0].compactMap(\.nextAttemptDelay))
    }

    @Test func `a point that a run never comes to is a failure`() async throws {
        let world = Self.world(seed: 1) { _, _ in "nothing" }
        let error = await #expect(throws: CrashTargetMissed.self) {
            try await CrashRun(world, interruptions: [(9, .kill)]).run()
        }
        #expect(error?.pointCount == 2)
    }

    @Test func `a function that comes to no end undisturbed names its seed`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(seed: 7) { _ in
                DurableFunction("stuck") { (context: DurableContext) in
                    try await context.createCallback("nobody answers", of: Int.self).result()
                }
            }
        }
        #expect(error?.description.contains("undisturbed: the execution waits for nothing that comes") == true)
        #expect(error?.description.contains("run it again with seed: 7") == true)
    }
}
