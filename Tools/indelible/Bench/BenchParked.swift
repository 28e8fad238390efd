import ArgumentParser
import Foundation
import Indelible

/// What it gains to keep suspended handlers in memory: the same work with and without, in one run.
struct BenchParked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parked",
        abstract: "Wakes suspended executions again and again, with their handlers kept in memory and without.",
        discussion: """
            Each execution first makes --steps steps, which a replay has to go through, and is then woken --wakes times: by \
            a condition that it polls, or by callbacks that are completed from outside.

              indelible bench parked polling --json
              indelible bench parked callbacks --executions 200 --wakes 20 --json
            """)

    enum Workload: String, ExpressibleByArgument, CaseIterable {
        case polling, callbacks
    }

    @OptionGroup var format: FormatOption
    @Argument(help: "What wakes the executions: polling or callbacks.") var workload: Workload
    @Option(help: "How many at a time.") var executions = 200
    @Option(help: "Steps of each before it is woken.") var steps = 50
    @Option(help: "How often each is woken.") var wakes = 20

    func validate() throws {
        for (name, value) in [("executions", executions), ("steps", steps), ("wakes", wakes)] {
            guard (1...100_000).contains(value) else { throw ValidationError("--\(name) is 1 to 100000") }
        }
    }

    func run() async throws {
        let loadAverage = ProcessFigures.loadAverage()
        let unwound = try await measure(parkedHandlersMax: 0)
        let parked = try await measure(parkedHandlersMax: executions)
        let result = BenchParkedResult(
            workload: workload.rawValue, executions: executions, steps: steps, wakes: wakes, unwound: unwound,
            parked: parked, loadAverage: loadAverage)
        var printer = Printer()
        if format.json {
            try printer.json(result)
        } else {
            for line in result.lines { try printer.line(line) }
        }
        try printer.flush()
    }

    private func measure(parkedHandlersMax: Int) async throws -> BenchParkedResult.Side {
        let directory =
            FileManager.default.currentDirectoryPath
            + "/indelible-bench-\(ProcessInfo.processInfo.processIdentifier)-\(parkedHandlersMax)"
        defer { try? FileManager.default.removeItem(atPath: directory) }  // Ours, and of no use.
        let (callbacks, asked) = AsyncStream.makeStream(of: CallbackID.self)
        let function = function(asked)
        let engine = try await DurableEngine.open(
            at: directory, functions: [function], options: EngineOptions(parkedHandlersMax: parkedHandlersMax))
        let answering = Task {
            for await callback in callbacks {
                // On tasks of their own, so that their syncs are shared.
                Task { try await engine.complete(callback: callback, with: true) }
            }
        }
        let begin = ContinuousClock.now
        let cpu = ProcessFigures.cpuSeconds()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<executions {
                group.addTask {
                    let execution = try await engine.start(function, name: "bench-\(number)")
                    try await execution.result()
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - begin).seconds
        let cpuSeconds = ProcessFigures.cpuSeconds() - cpu
        asked.finish()
        await answering.value
        try await engine.close(grace: .seconds(1))
        let count = Double(executions * wakes)
        return BenchParkedResult.Side(
            seconds: seconds, wakesPerSecond: count / seconds, cpuMicrosecondsPerWake: cpuSeconds * 1e6 / count)
    }

    private func function(
        _ asked: AsyncStream<CallbackID>.Continuation
    ) -> DurableFunction<Void, Void> {
        let (steps, wakes, workload) = (steps, wakes, workload)
        return DurableFunction("bench") { (context: DurableContext) in
            for _ in 0..<steps { _ = try await context.step("work") { _ in Receipt.random() } }
            switch workload {
            case .polling:
                _ = try await context.waitForCondition(
                    "polled", from: 0, poll: .until({ $0 == wakes + 1 }, every: .milliseconds(1))
                ) { count, _ in count + 1 }
            case .callbacks:
                for _ in 0..<wakes {
                    let _: Bool = try await context.waitForCallback("answer") { id, _ in asked.yield(id) }
                }
            }
        }
    }
}

/// What `bench parked … --json` prints.
struct BenchParkedResult: Encodable {
    struct Side: Encodable {
        /// Of the whole run, the steps before the first wake included.
        var seconds: Double
        var wakesPerSecond: Double
        /// Of this process, the steps before the first wake included.
        var cpuMicrosecondsPerWake: Double
    }

    var workload: String
    var executions: Int
    var steps: Int
    var wakes: Int
    /// No handler kept.
    var unwound: Side
    /// All of them kept.
    var parked: Side
    /// Runnable processes over the last minute, when the measurement began.
    var loadAverage: Double

    var lines: [String] {
        func line(_ title: String, _ side: Side) -> String {
            String(
                format: "  %@ %8.0f wakes/s, %6.0f µs of CPU a wake, %.2f s", title, side.wakesPerSecond,
                side.cpuMicrosecondsPerWake, side.seconds)
        }
        return [
            "parked \(workload): \(executions) executions, \(steps) steps each, then woken \(wakes) times",
            line("unwound", unwound), line("parked ", parked),
            String(format: "  load average %.2f", loadAverage),
        ]
    }
}

extension ProcessFigures {
    /// Processor time of this process, user and system.
    static func cpuSeconds() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
