import ArgumentParser
import ChildProcesses
import Foundation
import LogStorage

/// Starts ``Append``, kills it at a random moment, opens its log, and looks for every step that was acknowledged.
struct Loop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Kills a process with SIGKILL again and again, and looks for everything that it acknowledged.",
        discussion: """
            Exit code 0: nothing was missing, nothing was recorded twice, and no replay saw another value. Otherwise 1, \
            and the log is kept.
            """)

    @Option(help: "How often.") var kills = 20
    @Option(help: "What the moments are drawn from; shown, so that a run can be repeated.") var seed: UInt64?
    @Option(help: "The log's directory. Without one: a temporary one, removed when all is well.") var data: String?

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        let directory = data ?? FileManager.default.temporaryDirectory.path + "/indelible-kill-loop-\(getpid())"
        print("kill -9 loop: \(kills) kills, seed \(seed), log in \(directory)")
        var random = SplitMix64(seed: seed)
        var acknowledged: Set<Acknowledged> = []
        for kill in 1...kills {
            let delay = Duration.milliseconds(Int.random(in: 5...250, using: &random))
            acknowledged.formUnion(try await acknowledgedUntilKilled(after: delay, directory))
            let faults = try await LogCheck(directory: directory).faults(of: acknowledged)
            if let first = faults.first {
                print("kill \(kill): \(faults.count) faults, the first: \(first); the log stays in \(directory)")
                throw ExitCode(1)
            }
        }
        print("kill -9 loop: \(acknowledged.count) acknowledged steps, none missing after \(kills) kills")
        if data == nil { try FileManager.default.removeItem(atPath: directory) }
    }

    /// Runs one process, kills it `delay` after its first report, and returns all that it reported.
    private func acknowledgedUntilKilled(after delay: Duration, _ directory: String) async throws -> Set<Acknowledged> {
        let child = try ChildProcess(CommandLine.arguments[0], ["append", "--data", directory])
        defer { child.kill() }
        var reported: Set<Acknowledged> = []
        var killer: Task<Void, any Error>?
        for await line in child.lines {
            guard let acknowledged = Acknowledged(line) else { throw CrashTestError("the process wrote '\(line)'") }
            reported.insert(acknowledged)
            if killer == nil {
                killer = Task {
                    try await Task.sleep(for: delay)
                    child.kill()
                }
            }
        }
        try await killer?.value
        guard await child.end == .signalled(SIGKILL) else {
            throw CrashTestError("the process ended by itself; what it said stands above")
        }
        return reported
    }
}
