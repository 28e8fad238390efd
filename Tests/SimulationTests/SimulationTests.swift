import EngineRuntime
import Foundation
import Testing

@testable import Simulation

/// A fixed set of seeds of the simulator: `Tools/simulate` runs others, and more.
///
/// `INDELIBLE_SEED` gives a seed to run alone; a failure names its own.
@Suite(.timeLimit(.minutes(4))) struct SimulationTests {
    private static let steps = 1_000

    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["INDELIBLE_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...60)

    /// On a thread of its own: it is the only one that a simulation may use.
    private static func report(_ seed: UInt64) async -> SimulationReport {
        await onOwnThread { () throws(Never) in
            var simulation = Simulation(seed: seed, steps: steps)
            return simulation.run()
        }
    }

    @Test(arguments: seeds)
    func `no promise is broken`(seed: UInt64) async {
        let report = await Self.report(seed)
        #expect(report.broken == [], "Tools/simulate --seed \(seed) --steps \(Self.steps)")
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `the same seed gives the same run, to the last byte`(seed: UInt64) async {
        let (one, other) = (await Self.report(seed), await Self.report(seed))
        #expect(one.digest == other.digest && one.counts == other.counts, "seed \(seed)")
        #expect(await Self.report(seed + 1).digest != one.digest)
    }
}
