import Foundation

/// One measurement of a large batch: what `bench map --json` prints.
struct BenchMapResult: Encodable {
    var items: Int
    var branches: Int
    /// Items of a branch that run at a time.
    var concurrency: Int
    var bytesPerItem: Int
    /// From the start of the batch to its result.
    var seconds: Double
    /// One for each item.
    var stepsPerSecond: Double
    /// From the start of a replay to the batch's result, in the same process.
    var replaySeconds: Double
    /// For the log to be opened again, the execution in its middle.
    var openSeconds: Double
    /// From the start of the replay after that to the batch's result.
    var replayAfterOpenSeconds: Double
    /// Bytes of frames in the segments, headers and unused zeros left out.
    var logBytes: Int
    /// Of this process, up to the closing of the first engine.
    var peakMemoryBytesOfFirstEngine: Int
    /// Of this process, all of it, from its start.
    var peakMemoryBytes: Int
    /// Runnable processes over the last minute, when the measurement began; above 0.5 a core, take it with care.
    var loadAverage: Double
    /// Where the log was kept, if it was.
    var data: String?

    var lines: [String] {
        [
            "map: \(items) items of \(bytesPerItem) bytes in \(branches) branches, \(concurrency) at a time of each, "
                + "in \(format(seconds)) s",
            "  steps/s          \(String(format: "%.0f", stepsPerSecond))",
            "  replay           \(format(replaySeconds)) s",
            "  open             \(format(openSeconds)) s",
            "  replay after it  \(format(replayAfterOpenSeconds)) s",
            "  log              \(byteText(logBytes))",
            "  peak memory      \(byteText(peakMemoryBytes)); of the first engine \(byteText(peakMemoryBytesOfFirstEngine))",
            "  load average     \(format(loadAverage))",
        ]
    }

    private func format(_ value: Double) -> String {
        String(format: "%.2f", value)
    }
}
