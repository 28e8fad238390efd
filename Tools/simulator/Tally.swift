import Foundation
import Simulation

/// What a campaign has come to.
struct Tally: Sendable {
    let seeds: SeedRange
    let steps: Int
    var runCount = 0
    var counts = SimulationReport.Counts()
    var failures: [(seed: UInt64, broken: [String])] = []
    var elapsed = Duration.zero
    var isInterrupted = false

    init(seeds: SeedRange, steps: Int) {
        self.seeds = seeds
        self.steps = steps
    }

    mutating func add(_ report: SimulationReport) {
        runCount += 1
        counts += report.counts
        if !report.broken.isEmpty { failures.append((report.seed, report.broken)) }
    }

    mutating func fail(_ seed: UInt64, _ broken: [String]) {
        runCount += 1
        failures.append((seed, broken))
    }

    /// A failure, and how to have it again.
    static func words(_ seed: UInt64, _ steps: Int, _ broken: [String]) -> String {
        let promises = broken.prefix(5).map { "  \($0)\n" }.joined()
        return
            "seed \(seed) breaks a promise:\n\(promises)  again: Tools/simulate --seed \(seed) --steps \(steps) --trace"
    }

    var summary: String {
        let seconds = elapsed / .seconds(1)
        let rate = seconds > 0 ? String(format: ", %.0f ms each", seconds * 1_000 / Double(max(runCount, 1))) : ""
        let verdict =
            failures.isEmpty ? "no promise broken" : "\(failures.count) seeds break promises"
        let span = seeds.count == 1 ? "seed \(seeds.first)" : "seeds \(seeds.first)..\(seeds.last)"
        let shown = failures.map { Self.words($0.seed, steps, $0.broken) + "\n" }.joined()
        return shown + """
            \(isInterrupted ? "interrupted after " : "")\(runCount) runs of \(steps) steps, \(span), in \
            \(String(format: "%.1f", seconds)) s\(rate): \(verdict)
            executions \(counts.executions), jobs \(counts.jobs), openings \(counts.openings), power losses \
            \(counts.powerLosses), kills \(counts.kills), openings refused \(counts.refusals), damage found after syncs that \
            lied \(counts.damaged), engine snapshots \(counts.snapshots), rewrite segments \(counts.rewrites), caches damaged \
            \(counts.damagedCaches)
            """
    }
}
