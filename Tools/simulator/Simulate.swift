import ArgumentParser
import Foundation
import Simulation

@main struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the whole engine under seeds, through every trouble there is, and checks what it has promised.",
        discussion: """
            One seed is one run: the log, the runtime and handlers of every operation, over a disk, a clock and an \
            executor that the seed drives. It writes a program and plays everybody around it: callers who start, answer, \
            pause, resume, cancel, stop, delete; time that goes on, and back; a disk that fails, lies about syncs, or is \
            full; processes that are killed; power that is lost, with any part of what was not synced. After every opening \
            the model compares what is there with what anybody had been told. At the end all faults stop, and everything \
            that was started must come to its end. The same seed and steps give the same run, to the last byte.

            Without --seed or --seeds the seeds are random. A run that breaks a promise names its seed, the promise and \
            the command that repeats it; so does one that traps.

            Exit codes: 0 no promise broken, 1 a promise broken, 2 usage, 3 could not run, 130 interrupted.

              Tools/simulate --count 10000            10,000 random seeds on all cores
              Tools/simulate --seeds 1..500           the same 500 every time
              Tools/simulate --seed 42 --trace        what happens under seed 42, step by step
            """,
        subcommands: [Work.self])

    @Option(help: ArgumentHelp("One seed.", valueName: "n"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("All seeds from A to B.", valueName: "a..b"))
    var seeds: SeedRange?

    @Option(help: ArgumentHelp("So many seeds, drawn at random. Default: 1000.", valueName: "n"))
    var count: Int?

    @Option(help: ArgumentHelp("Steps of a run before everything is let come to its end: 1 or more.", valueName: "m"))
    var steps = 3_000

    @Option(help: ArgumentHelp("Processes that run seeds at a time. Default: one for each core.", valueName: "j"))
    var jobs: Int?

    @Flag(help: "Print what happens, step by step. For one seed.")
    var trace = false

    /// ArgumentParser's own `main` ends with 64 where a shell's tools say 2.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            if error is ExitCode || exitCode(for: error) == .success { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(exitCode(for: error) == .validationFailure ? 2 : 3)
        }
    }

    func validate() throws {
        if [seed != nil, seeds != nil, count != nil].count(where: \.self) > 1 {
            throw ValidationError("--seed, --seeds and --count say the same thing; give one of them.")
        }
        if trace && seed == nil { throw ValidationError("--trace needs --seed: one run is to be shown.") }
        if steps < 1 { throw ValidationError("--steps is \(steps); give 1 or more.") }
        if let count, count < 1 { throw ValidationError("--count is \(count); give 1 or more.") }
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs is \(jobs); give 1 to 256.") }
    }

    func run() async throws {
        if let seed { return try runOne(seed) }
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let range: SeedRange
        if let seeds {
            range = seeds
        } else {
            // Far from those that anybody types, and short enough to be typed again.
            let first = UInt64.random(in: 1_000_000..<1_000_000_000_000)
            range = SeedRange(first: first, last: first + UInt64(count ?? 1_000) - 1)
        }
        let campaign = Campaign(seeds: range, steps: steps, jobs: min(jobs ?? cores, range.count))
        let tally = try await Interrupts.noting { interrupts in try await campaign.run(interrupts) }
        print(tally.summary)
        if !tally.failures.isEmpty { throw ExitCode(1) }
        if tally.isInterrupted { throw ExitCode(130) }
    }

    /// In this process, so that a trap shows where it happened.
    private func runOne(_ seed: UInt64) throws {
        let line: @Sendable (String) -> Void = { print($0) }
        var simulation = Simulation(seed: seed, steps: steps, print: trace ? line : nil)
        let started = ContinuousClock.now
        let report = simulation.run()
        var tally = Tally(seeds: SeedRange(first: seed, last: seed), steps: steps)
        tally.add(report)
        tally.elapsed = ContinuousClock.now - started
        print(tally.summary)
        if !report.broken.isEmpty { throw ExitCode(1) }
    }
}

/// `A..B`, both included.
struct SeedRange: ExpressibleByArgument, Sendable {
    var first: UInt64
    var last: UInt64

    var count: Int { Int(clamping: last - first) + 1 }

    init(first: UInt64, last: UInt64) {
        self.first = first
        self.last = last
    }

    init?(argument: String) {
        let parts = argument.split(separator: ".", omittingEmptySubsequences: true).map { UInt64($0) }
        guard parts.count == 2, let first = parts[0], let last = parts[1], first <= last, last - first < 1 << 40
        else { return nil }
        self.init(first: first, last: last)
    }
}
