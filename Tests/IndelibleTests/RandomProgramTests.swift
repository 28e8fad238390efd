import Foundation
import Indelible
import Testing

@testable import IndelibleTesting

/// Random programs of operations, interrupted at random: the same result and the same history as undisturbed, with handlers
/// parked and without.
///
/// `INDELIBLE_SEED` gives a seed to run alone; a failure names its own.
@Suite(.timeLimit(.minutes(10))) struct RandomProgramTests {
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["INDELIBLE_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...120)

    static func world(seed: UInt64, parkedHandlersMax: Int) -> CrashWorld {
        let program = RandomProgram(seed: seed)
        return CrashWorld(
            seed: seed, startTime: Date(timeIntervalSince1970: 1_764_547_200), answers: [],
            parkedHandlersMax: parkedHandlersMax,
            functions: { effects in
                let (main, others) = program.functions(effects)
                return [main] + others
            },
            start: { engine, effects in
                try await engine.start(program.functions(effects).main, name: CrashRun.executionName).id
            })
    }

    @Test(arguments: seeds)
    func `random interruptions change neither result nor history`(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed &* 31)
        let undisturbed = try await CrashRun(Self.world(seed: seed, parkedHandlersMax: 64), interruptions: []).run()
        let replayed = try await CrashRun(Self.world(seed: seed, parkedHandlersMax: 0), interruptions: []).run()
        #expect(replayed.differences(from: undisturbed) == [], "seed \(seed), unwound")
        guard !undisturbed.points.isEmpty else { return }
        for parkedHandlersMax in [0, 1, 64] {
            let count = Int.random(in: 1...3, using: &random)
            let points = (0..<count).map { _ in Int.random(in: 0..<undisturbed.points.count, using: &random) }.sorted()
            let interruptions = points.map { point in
                (point, CrashInterruption.allCases.randomElement(using: &random) ?? .kill)
            }
            let outcome = try await CrashRun(
                Self.world(seed: seed, parkedHandlersMax: parkedHandlersMax), interruptions: interruptions
            ).run()
            #expect(
                outcome.differences(from: undisturbed) == [],
                "seed \(seed), \(parkedHandlersMax) parked, interrupted \(interruptions)")
        }
    }
}
