import ArgumentParser
import EngineRuntime
import ExecutionModel
import Foundation
import LogStorage

/// The bare commit path: what the engine and the SDK are compared with.
struct BenchCommit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "commit",
        abstract:
            "Appends to the bare log: no engine, no handler. A step is the two records that a step of the SDK is.",
        discussion: "indelible bench commit --executions 1000 --steps 20 --json")

    @OptionGroup var options: BenchOptions

    func run() async throws {
        let result = try await BenchRun(name: "commit", options: options).measure { directory, fileSystem in
            try await append(directory, fileSystem)
        }
        try options.format.report(result, lines: result.lines)
    }

    private func append(_ directory: String, _ fileSystem: any LogFileSystem) async throws -> BenchMeasurement {
        let log = try await BlockingCall.run {
            try SegmentedLog.open(
                at: directory, options: LogOptions(), fileSystem: fileSystem, clock: WallClock(),
                seed: UInt64.random(in: .min ... .max), waitForLock: false, startThreads: true
            ) { _ in }
        }
        // Made beforehand, so that encoding JSON is not measured; too many for one frame to repeat them.
        let encoder = JSONEncoder()
        let bodies = try (0..<4_096).map { _ in Array(try encoder.encode(Receipt.random())) }
        let latencies = Latencies()
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for appender in 1...options.executions {
                group.addTask { [count = options.steps] in
                    latencies.add(try await Self.steps(count, of: UInt64(appender), bodies, log))
                }
            }
            try await group.waitForAll()
        }
        let elapsed = ContinuousClock.now - start
        try await BlockingCall.run { try log.close() }
        return BenchMeasurement(elapsed: elapsed, latencies: latencies.all)
    }

    /// One appender: each append waits for the one before it.
    private static func steps(
        _ count: Int, of appender: UInt64, _ bodies: [[UInt8]], _ log: SegmentedLog
    ) async throws -> [Double] {
        var latencies: [Double] = []
        let start = Array("1 Step authorize".utf8)
        let room = log.room(forRecords: 2, bodyBytes: 128)
        for step in 0..<count {
            let begin = ContinuousClock.now
            var batch = RecordBatch()
            let time = WallClock().now()
            let sequence = UInt32(2 * step + 1)
            batch.append(execution: appender, sequence: sequence, kind: 0x30, time: time, body: start)
            let body = bodies[(Int(appender) &* 31 &+ step) % bodies.count]
            batch.append(execution: appender, sequence: sequence + 1, kind: 0x31, time: time, body: body)
            try await log.reserve(byteCount: room, .completion)
            let lsns = log.enqueue(batch, forced: true, reservation: room)
            try await log.durable(before: lsns.upperBound)
            latencies.append((ContinuousClock.now - begin).microseconds)
        }
        return latencies
    }
}

private struct WallClock: LogClock {
    func now() -> Int64 { SystemClock().now().millisecondsSinceEpoch }
}
