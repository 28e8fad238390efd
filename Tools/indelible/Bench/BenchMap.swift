import ArgumentParser
import Foundation
import Indelible
import LogStorage
import Synchronization

/// A large batch: maps in a parallel in a child context, and their replays.
struct BenchMap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "map",
        abstract: "Maps items in the branches of a parallel in a child context, and replays them after a restart.",
        discussion: """
            Each item is a context with one step, whose result is that of the item. No result of a batch fits into its \
            record, so a replay puts them together from those of the items: once in the same process, once in an engine \
            that has been opened anew.

              indelible bench map --items 10000 --json
            """)

    @OptionGroup var format: FormatOption
    @Option(help: "Items in all.") var items = 10_000
    @Option(help: "Branches that share them.") var branches = 4
    @Option(help: "Items of a branch that run at a time.") var concurrency = 50
    @Option(help: "Bytes of an item's result.") var bytes = 1_024
    @Option(help: ArgumentHelp("End with 1 when the process held more than so many MiB.", valueName: "mib"))
    var memoryLimit: Int?
    @Option(help: ArgumentHelp("Keep the log there; a directory that is empty or not there yet.", valueName: "dir"))
    var data: String?

    func validate() throws {
        guard (1...1_000_000).contains(items) else { throw ValidationError("--items is 1 to 1000000") }
        guard (1...items).contains(branches) else { throw ValidationError("--branches is 1 to the number of items") }
        guard (1...1_000_000).contains(concurrency) else { throw ValidationError("--concurrency is 1 to 1000000") }
        guard (1...1_048_576).contains(bytes) else { throw ValidationError("--bytes is 1 to 1048576") }
    }

    func run() async throws {
        let loadAverage = ProcessFigures.loadAverage()
        let directory = try BenchRun.prepareDirectory(data)
        defer { if data == nil { BenchRun.removeDirectory(directory) } }
        let workload = Workload(items: items, branches: branches, concurrency: concurrency, bytes: bytes)
        let runs = RunTimes()
        let function = workload.function(runs)
        // No handler is kept, or nothing would be replayed.
        let options = EngineOptions(parkedHandlersMax: 0)

        var engine = try await DurableEngine.open(at: directory, functions: [function], options: options)
        let execution = try await engine.start(function, name: "bench")
        let callback = await runs.callback()
        let memory = ProcessFigures.peakMemoryBytes()
        try await engine.close()

        let opening = ContinuousClock.now
        engine = try await DurableEngine.open(at: directory, functions: [function], options: options)
        let openSeconds = (ContinuousClock.now - opening).seconds
        try await engine.complete(callback: callback, with: true)
        guard let again = try await engine.execution(id: execution.id, of: function) else {
            throw ToolFailure(.couldNot, "the execution is gone after the log was opened again")
        }
        let count = try await again.result()
        try await engine.close()
        guard count == items * bytes else {
            throw ToolFailure(.no, "the results have \(count) bytes, and were \(items * bytes)")
        }
        let times = runs.all
        let stats = try LogStatistics(directory: directory)
        let seconds = times[0].seconds
        let result = BenchMapResult(
            items: items, branches: branches, concurrency: concurrency, bytesPerItem: bytes, seconds: seconds,
            stepsPerSecond: Double(items) / seconds, replaySeconds: times[1].seconds, openSeconds: openSeconds,
            replayAfterOpenSeconds: times[times.count - 1].seconds, logBytes: stats.usedBytes,
            peakMemoryBytesOfFirstEngine: memory, peakMemoryBytes: ProcessFigures.peakMemoryBytes(),
            loadAverage: loadAverage, data: data)
        try format.report(result, lines: result.lines)
        if let memoryLimit, result.peakMemoryBytes > memoryLimit << 20 {
            let peak = byteText(result.peakMemoryBytes)
            throw ToolFailure(.no, "the process held \(peak) at its peak, which is more than \(memoryLimit) MiB")
        }
    }
}

/// What the bench asks its handler to do.
private struct Workload: Sendable {
    let items: Int
    let branches: Int
    let concurrency: Int
    let bytes: Int

    /// Returns the bytes of all items, once it has put their results together for the third time.
    func function(_ runs: RunTimes) -> DurableFunction<Void, Int> {
        DurableFunction("bench-map") { (context: DurableContext) in
            let begin = ContinuousClock.now
            let batches = try await context.runInChildContext("all") { context in
                try await context.parallel("branches") {
                    for branch in 0..<branches { DurableBranch { context in try await results(of: branch, context) } }
                }.throwIfError().results
            }
            runs.add(ContinuousClock.now - begin)
            try await context.wait("a replay", for: .milliseconds(1))
            let callback = try await context.createCallback("another, after a restart", of: Bool.self)
            try await context.step("hand out") { _ in runs.put(callback.id) }
            _ = try await callback.result()
            return batches.joined().reduce(0) { $0 + $1.utf8.count }
        }
    }

    private func results(of branch: Int, _ context: DurableContext) async throws -> [String] {
        let own = Array(stride(from: branch, to: items, by: branches))
        return try await context.map("items", own, maxConcurrency: concurrency) { item, context in
            try await context.step("item") { _ in text(of: item) }
        }.throwIfError().results
    }

    /// Does not repeat itself, so that the log cannot make it small.
    private func text(of item: Int) -> String {
        var random = SplitMix64(seed: UInt64(item))
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return String(decoding: (0..<bytes).map { _ in letters[Int(random.next() >> 58)] }, as: UTF8.self)
    }
}

/// How long the runs of the handler took, and the callback that it waits for.
private final class RunTimes: Sendable {
    private let state = Mutex(State())

    private struct State {
        var times: [Duration] = []
        var callback: CallbackID?
        var waiter: CheckedContinuation<CallbackID, Never>?
    }

    var all: [Duration] { state.withLock { $0.times } }

    func add(_ time: Duration) { state.withLock { $0.times.append(time) } }

    func put(_ callback: CallbackID) {
        let waiter = state.withLock { state in
            state.callback = callback
            return state.waiter
        }
        waiter?.resume(returning: callback)
    }

    func callback() async -> CallbackID {
        await withCheckedContinuation { continuation in
            let callback = state.withLock { state in
                if state.callback == nil { state.waiter = continuation }
                return state.callback
            }
            if let callback { continuation.resume(returning: callback) }
        }
    }
}
