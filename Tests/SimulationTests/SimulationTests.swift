import EngineRuntime
import Foundation
import Indelible
import LogStorage
import Testing

@testable import Simulation

/// A fixed set of seeds of the simulator: `Tools/simulate` runs others, and more.
///
/// `INDELIBLE_SEED` gives a seed to run alone; a failure names its own.
@Suite(.timeLimit(.minutes(10))) struct SimulationTests {
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

    /// Each is noticed in most runs: in some the disk has lied before, or nothing was there to lose.
    private static func noticed(_ change: @escaping @Sendable (inout Simulation) -> Void) async -> [String] {
        var broken: [String] = []
        for seed in 1...5 as ClosedRange<UInt64> {
            broken += await onOwnThread { () throws(Never) in
                var simulation = Simulation(seed: seed, steps: steps)
                change(&simulation)
                return simulation.run().broken
            }
        }
        return broken
    }

    @Test func `an execution that was promised and is not there is noticed`() async {
        let broken = await Self.noticed { simulation in
            let kept =
                simulation.program.functions.first { $0.options.retention == .forever }?.name ?? Program.plainName
            simulation.promises.note(in: simulation.life) { $0.know("never-started", of: kept) }
        }
        #expect(broken.contains { $0.contains("never-started") }, "\(broken)")
    }

    @Test func `records that are lost between two openings are noticed`() async {
        let broken = await Self.noticed { simulation in
            simulation.tampering = { disk in
                // As of an engine that acknowledges before it has written.
                guard let name = (try? disk.list(Life.directory))?.last(where: { $0.hasSuffix(".segment") }),
                    let bytes = disk.contents(of: "\(Life.directory)/\(name)")
                else { return }
                let head = Array(bytes.prefix(SegmentHeader.encodedByteCount))
                disk.replace(
                    "\(Life.directory)/\(name)", with: head + [UInt8](repeating: 0, count: bytes.count - head.count))
            }
        }
        #expect(broken.contains { $0.hasPrefix("after a crash") }, "\(broken)")
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `the same seed gives the same run, to the last byte`(seed: UInt64) async {
        let (one, other) = (await Self.report(seed), await Self.report(seed))
        #expect(one.digest == other.digest && one.counts == other.counts, "seed \(seed)")
        #expect(await Self.report(seed + 1).digest != one.digest)
    }
}
