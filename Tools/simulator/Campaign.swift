import ChildProcesses
import Foundation
import Simulation
import Synchronization

/// Many seeds on several processes, each of which may trap.
struct Campaign: Sendable {
    let seeds: SeedRange
    let steps: Int
    let jobs: Int

    /// Seeds that fail are few, or all of them fail in the same way.
    private static let failuresMax = 10

    func run(_ interrupts: Interrupts) async throws -> Tally {
        let started = ContinuousClock.now
        let shared = SharedTally(Tally(seeds: seeds, steps: steps))
        let progress = Progress(total: seeds.count)
        try await withThrowingTaskGroup { group in
            for job in 0..<jobs {
                group.addTask { try await work(job, shared, progress, interrupts) }
            }
            try await group.waitForAll()
        }
        progress.end()
        return shared.tally.withLock { tally in
            tally.elapsed = ContinuousClock.now - started
            tally.isInterrupted = interrupts.hasCome
            return tally
        }
    }

    /// Runs every `jobs`-th seed, in as many processes as it takes: one that dies is followed by another.
    private func work(
        _ job: Int, _ shared: SharedTally, _ progress: Progress, _ interrupts: Interrupts
    ) async throws {
        var next = seeds.first + UInt64(job)
        while next <= seeds.last {
            let child = try ChildProcess(
                Bundle.main.executablePath ?? CommandLine.arguments[0],
                ["work", "\(next)", "\(seeds.last)", "\(jobs)", "\(steps)"])
            defer { child.kill() }
            var current: UInt64?
            for await line in child.lines {
                switch try JSONDecoder().decode(WorkLine.self, from: Data(line.utf8)) {
                case .begins(let seed):
                    current = seed
                    next = seed + UInt64(jobs)
                case .ended(let report):
                    current = nil
                    let (done, failed) = shared.tally.withLock { tally in
                        tally.add(report)
                        return (tally.runCount, tally.failures.count)
                    }
                    if !report.broken.isEmpty { progress.say(Tally.words(report.seed, steps, report.broken)) }
                    progress.show(done: done, failed: failed)
                    if failed >= Self.failuresMax { return }
                }
                if interrupts.hasCome { return }
            }
            let end = await child.end
            if end == .exited(0) { return }
            guard let seed = current else { throw CouldNotRun(end: end) }
            let failure = ["the process ended with \(end); what it said stands above"]
            shared.tally.withLock { $0.fail(seed, failure) }
            progress.say(Tally.words(seed, steps, failure))
        }
    }
}

/// What the tasks of a campaign add to.
private final class SharedTally: Sendable {
    let tally: Mutex<Tally>

    init(_ tally: Tally) {
        self.tally = Mutex(tally)
    }
}

/// A process ended that was to run seeds, and ran none.
struct CouldNotRun: Error, CustomStringConvertible {
    var end: ChildProcess.End

    var description: String { "a process that runs seeds ended with \(end); what it said stands above" }
}
