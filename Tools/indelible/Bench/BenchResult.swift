import Foundation

/// One measurement: what `bench … --json` prints.
struct BenchResult: Encodable {
    struct Latency: Encodable {
        var p50: Double
        var p99: Double
    }

    /// `steps` or `commit`.
    var bench: String
    /// Executions, or appenders, at a time.
    var executions: Int
    /// Steps of each.
    var stepsPerExecution: Int
    var seconds: Double
    var stepsPerSecond: Double
    /// Recorded events for each `fdatasync` of a commit.
    var eventsPerSync: Double
    /// Bytes of frames in the segments, headers and unused zeros left out, for each step.
    var bytesPerStep: Double
    /// Of a durable step, from its call to its return.
    var latencyMicroseconds: Latency
    /// Of this process, all of it, from its start.
    var peakMemoryBytes: Int
    /// Runnable processes over the last minute, when the measurement began; above 0.5 a core, take it with care.
    var loadAverage: Double
    /// A 4 KiB write and `fdatasync` on a pre-written file of the same file system, one thread: the mean of a second
    /// before and a second after.
    var rawSyncsPerSecond: Double
    var ratioToRaw: Double
    /// Where the log was kept, if it was.
    var data: String?

    var lines: [String] {
        [
            "\(bench): \(executions) × \(stepsPerExecution) steps in \(format(seconds, 2)) s",
            "  steps/s          \(format(stepsPerSecond, 0))",
            "  of raw fdatasync \(format(ratioToRaw, 2)) × \(format(rawSyncsPerSecond, 0))/s",
            "  events per sync  \(format(eventsPerSync, 1))",
            "  bytes per step   \(format(bytesPerStep, 1))",
            "  latency          p50 \(format(latencyMicroseconds.p50, 0)) µs, p99 \(format(latencyMicroseconds.p99, 0)) µs",
            "  peak memory      \(byteText(peakMemoryBytes))",
            "  load average     \(format(loadAverage, 2))",
        ]
    }

    private func format(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}

extension BenchResult.Latency {
    /// From samples in microseconds, in any order; zero without one.
    init(of samples: [Double]) {
        let sorted = samples.sorted()
        func percentile(_ fraction: Double) -> Double {
            sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(fraction * Double(sorted.count)))]
        }
        self.init(p50: percentile(0.5), p99: percentile(0.99))
    }
}

enum ProcessFigures {
    static func peakMemoryBytes() -> Int {
        var usage = rusage()
        // Glibc's constant is an enumeration that the call does not take.
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Int(usage.ru_maxrss) * 1_024
    }

    static func loadAverage() -> Double {
        var averages = [0.0, 0.0, 0.0]
        return getloadavg(&averages, 3) > 0 ? averages[0] : 0
    }
}
