import Foundation
import LogStorage
import Synchronization

/// What a workload saw of itself.
struct BenchMeasurement {
    var elapsed: Duration
    /// Of each step, in microseconds.
    var latencies: [Double]
}

/// The frame of every bench: the place, the raw limit before and after, and what the log came to.
struct BenchRun {
    let name: String
    let options: BenchOptions

    /// - Parameter workload: Does all steps in the log at the path, through the file system given, and closes the log.
    func measure(
        _ workload: (_ directory: String, _ fileSystem: any LogFileSystem) async throws -> BenchMeasurement
    ) async throws -> BenchResult {
        let loadAverage = ProcessFigures.loadAverage()
        let directory = try Self.prepareDirectory(options.data)
        defer { if options.data == nil { Self.removeDirectory(directory) } }
        var raw = try RawSyncRate(path: directory + ".raw-sync-rate", PosixFileSystem())
        defer { raw.remove() }
        let rawBefore = try raw.measure(.seconds(1))

        let fileSystem = CountingFileSystem(PosixFileSystem())
        let measurement = try await workload(directory, fileSystem)
        let syncs = fileSystem.dataSyncs

        let rawRate = (rawBefore + (try raw.measure(.seconds(1)))) / 2
        let stats = try LogStatistics(directory: directory)
        let steps = options.executions * options.steps
        let stepsPerSecond = Double(steps) / measurement.elapsed.seconds
        return BenchResult(
            bench: name, executions: options.executions, stepsPerExecution: options.steps,
            seconds: measurement.elapsed.seconds, stepsPerSecond: stepsPerSecond,
            eventsPerSync: Double(stats.records) / Double(max(syncs, 1)),
            bytesPerStep: Double(stats.usedBytes) / Double(steps),
            latencyMicroseconds: BenchResult.Latency(of: measurement.latencies),
            peakMemoryBytes: ProcessFigures.peakMemoryBytes(), loadAverage: loadAverage, rawSyncsPerSecond: rawRate,
            ratioToRaw: stepsPerSecond / rawRate, data: options.data)
    }

    /// The directory asked for, which must be empty; or a new one under the current one.
    static func prepareDirectory(_ data: String?) throws -> String {
        guard let data else {
            return FileManager.default.currentDirectoryPath
                + "/indelible-bench-\(ProcessInfo.processInfo.processIdentifier)"
        }
        let found = try? FileManager.default.contentsOfDirectory(atPath: data)  // Nil: not there yet, which is fine.
        if let found, !found.isEmpty {
            throw ToolFailure(.couldNot, "\(data) is not empty; a bench needs a directory of its own")
        }
        return data
    }

    static func removeDirectory(_ directory: String) {
        try? FileManager.default.removeItem(atPath: directory)  // Ours, and of no use.
    }
}

/// Samples of many tasks, in microseconds.
final class Latencies: Sendable {
    private let samples = Mutex<[Double]>([])

    func add(_ own: [Double]) { samples.withLock { $0 += own } }

    var all: [Double] { samples.withLock { $0 } }
}
