import ArgumentParser
import EngineRuntime
import Foundation
import Indelible
import LogStorage
import Synchronization

/// Many executions that wait: what they cost while they do, and how late they are woken.
struct BenchSuspended: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspended",
        abstract: "Suspends many executions, some of them due soon, and opens their log in a process of its own.",
        discussion: """
            Each execution waits, most for a day; --due of them within --within seconds once all are there, to see how \
            late they are woken. --history first fills the log with ended executions. Then the log is closed and opened \
            in a new process, which says how long that took and how much memory an execution takes there.

              indelible bench suspended --executions 1000000 --due 100000 --json
              indelible bench suspended --executions 100000 --history 10000 --json
            """)

    @OptionGroup var format: FormatOption
    @Option(help: "How many wait for a day.") var executions = 100_000
    @Option(help: "How many are due soon, besides.") var due = 0
    @Option(help: "Seconds in which those become due.") var within = 60
    @Option(help: ArgumentHelp("Megabytes of ended executions in the log before.", valueName: "mb")) var history = 0
    @Option(help: ArgumentHelp("Keep the log there; a directory that is empty or not there yet.", valueName: "dir"))
    var data: String?

    func validate() throws {
        guard (0...10_000_000).contains(executions), (0...10_000_000).contains(due) else {
            throw ValidationError("--executions and --due are 0 to 10000000")
        }
        guard (1...86_400).contains(within) else { throw ValidationError("--within is 1 to 86400") }
        guard (0...1_000_000).contains(history) else { throw ValidationError("--history is 0 to 1000000") }
    }

    func run() async throws {
        let loadAverage = ProcessFigures.loadAverage()
        let directory = try BenchRun.prepareDirectory(data)
        defer { if data == nil { BenchRun.removeDirectory(directory) } }
        let waiters = Waiters()
        let engine = try await DurableEngine.open(
            at: directory, functions: [waiters.function, Self.filler],
            options: EngineOptions(concurrencyLimit: 4_096, parkedHandlersMax: 0))
        Progress.say("writing \(history) MB of ended executions")
        try await fill(engine)
        Progress.say("suspending \(executions + due) executions")
        let begin = ContinuousClock.now
        try await start(executions, on: engine, waiters) { _ in 86_400_000 }
        let last = Date().addingTimeInterval(Double(due) / 10_000 + 5)
        try await start(due, on: engine, waiters) { [within] index in
            let moment = last.addingTimeInterval(Double(within) * Double(index) / Double(max(self.due, 1)))
            return max(Int(moment.timeIntervalSinceNow * 1_000), 1)
        }
        let seconds = (ContinuousClock.now - begin).seconds
        Progress.say("waiting for \(due) that are due")
        await waiters.ended(due)
        let lateness = try await waiters.lateness(in: engine)
        let resident = engine.runtime.residentCount
        try await engine.close()
        let opened = try BenchOpened.measure(directory)
        let result = BenchSuspendedResult(
            executions: executions, due: due, withinSeconds: within, logBytes: try LogFiles.byteCount(of: directory),
            suspendsPerSecond: Double(executions + due) / seconds, latenessMilliseconds: lateness,
            executionsInMemoryAtClose: resident, opened: opened,
            memoryBytesPerExecution: Double(opened.memoryBytes) / Double(max(executions, 1)),
            loadAverage: loadAverage, data: data)
        try format.report(result, lines: result.lines)
    }

    private func start(
        _ count: Int, on engine: DurableEngine, _ waiters: Waiters, _ delay: @escaping @Sendable (Int) -> Int
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= 2_048 { try await group.next() }
                group.addTask { _ = try await engine.start(waiters.function, input: delay(index)) }
            }
            try await group.waitForAll()
        }
        while engine.runtime.load.running + engine.runtime.load.waiting > 0 {
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Results that no compression makes smaller.
    private static let filler = DurableFunction<Int, Int>("filler") { count, context in
        for _ in 0..<count {
            _ = try await context.step("fill", serdes: .bytes) { _ in
                var random = SplitMix64(seed: .random(in: .min ... .max))
                return [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, count in
                    let words = UnsafeMutableRawBufferPointer(buffer).bindMemory(to: UInt64.self)
                    for index in words.indices { words[index] = random.next() }
                    count = 16_384
                }
            }
        }
        return count
    }

    private func fill(_ engine: DurableEngine) async throws {
        // An execution of 10 steps with 16 KiB each.
        let count = history * 1_000_000 / (10 * 16_384)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<count {
                if index >= 64 { try await group.next() }
                group.addTask { _ = try await engine.start(Self.filler, input: 10).result() }
            }
            try await group.waitForAll()
        }
    }
}

/// Notes when each of those goes on that are due soon.
private final class Waiters: Sendable {
    private let resumed = Mutex<[String: Date]>([:])

    var function: DurableFunction<Int, Int> {
        DurableFunction("waiter") { [self] milliseconds, context in
            try await context.wait(for: .milliseconds(milliseconds))
            let now = Date()
            resumed.withLock { $0[context.executionID] = now }
            return milliseconds
        }
    }

    func ended(_ count: Int) async {
        // A bench ends when it is cancelled.
        while resumed.withLock({ $0.count < count }), !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(50))  // Throws when it is cancelled only.
        }
    }

    /// From the moment that the record says to that at which the handler went on: of 10,000 of them at most.
    func lateness(in engine: DurableEngine) async throws -> BenchResult.Latency {
        var samples: [Double] = []
        for (execution, time) in resumed.withLock({ $0 }).prefix(10_000) {
            let history = try await engine.history(of: execution)
            guard let due = history.lazy.compactMap(\.scheduledEndTime).first else { continue }
            samples.append(time.timeIntervalSince(due) * 1_000)
        }
        return BenchResult.Latency(of: samples)
    }
}

enum Progress {
    /// For whoever looks on.
    static func say(_ what: String) { FileHandle.standardError.write(Data("bench: \(what)\n".utf8)) }
}

enum LogFiles {
    /// Of all files in the directory.
    static func byteCount(of directory: String) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: directory).reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
            return sum + ((attributes[.size] as? Int) ?? 0)
        }
    }
}

/// What `bench suspended … --json` prints.
struct BenchSuspendedResult: Encodable {
    var executions: Int
    var due: Int
    var withinSeconds: Int
    var logBytes: Int
    var suspendsPerSecond: Double
    /// From the moment at which an execution should go on to that at which its handler does.
    var latenessMilliseconds: BenchResult.Latency
    var executionsInMemoryAtClose: Int
    var opened: BenchOpened
    /// In the process that opened the log, beyond what an empty log takes.
    var memoryBytesPerExecution: Double
    /// Runnable processes over the last minute, when the measurement began.
    var loadAverage: Double
    var data: String?

    var lines: [String] {
        [
            "suspended: \(executions) executions for a day, \(due) due within \(withinSeconds) s",
            "  log              \(byteText(logBytes))",
            String(format: "  suspended        %.0f/s", suspendsPerSecond),
            String(
                format: "  lateness         p50 %.1f ms, p99 %.1f ms", latenessMilliseconds.p50,
                latenessMilliseconds.p99),
            "  in memory        \(executionsInMemoryAtClose) executions when the log was closed",
            String(format: "  opened in        %.3f s, by a new process", opened.seconds),
            String(
                format: "  memory           %@, %.1f bytes an execution", byteText(opened.memoryBytes),
                memoryBytesPerExecution),
            String(format: "  load average     %.2f", loadAverage),
        ]
    }
}
