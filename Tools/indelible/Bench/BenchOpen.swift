import ArgumentParser
import EngineRuntime
import Foundation
import Indelible

/// How long it takes to open a log, and what memory.
struct BenchOpen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "open",
        abstract: "Opens a log without functions, so that nothing runs, and says how long that takes.",
        discussion: """
            Memory is what the process holds more than with an empty log open. Opening writes: it needs the log's lock.

              indelible bench open --data payments.log --json
            """)

    @OptionGroup var format: FormatOption
    @OptionGroup var log: LogOption

    func run() async throws {
        _ = try LogReading.inspector(log.data)
        let empty =
            FileManager.default.currentDirectoryPath
            + "/indelible-bench-\(ProcessInfo.processInfo.processIdentifier)"
        defer { BenchRun.removeDirectory(empty) }
        let before = try await memory(opening: empty).bytes
        let opened = try await memory(opening: log.data)
        let result = BenchOpened(seconds: opened.seconds, memoryBytes: max(opened.bytes - before, 0))
        try format.report(result, lines: result.lines)
    }

    private func memory(opening directory: String) async throws -> (bytes: Int, seconds: Double) {
        let begin = ContinuousClock.now
        let engine = try await DurableEngine.open(at: directory)
        let seconds = (ContinuousClock.now - begin).seconds
        while !engine.runtime.isQuiet { try await Task.sleep(for: .milliseconds(10)) }
        let bytes = ProcessFigures.memoryBytes()
        try await engine.close()
        return (bytes, seconds)
    }
}

/// What `bench open … --json` prints.
struct BenchOpened: Codable {
    var seconds: Double
    var memoryBytes: Int

    var lines: [String] {
        [
            String(format: "opened in %.3f s", seconds),
            "  memory           \(byteText(memoryBytes)) more than with an empty log",
        ]
    }

    /// By a process of its own, whose memory nothing else has touched.
    static func measure(_ directory: String) throws -> BenchOpened {
        let process = Process()
        process.executableURL = Bundle.main.executableURL
        process.arguments = ["bench", "open", "--data", directory, "--json"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ToolFailure(.couldNot, "the process that opens the log ended with \(process.terminationStatus)")
        }
        return try JSONDecoder().decode(BenchOpened.self, from: bytes)
    }
}

extension ProcessFigures {
    /// What the process holds in memory now.
    static func memoryBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
            let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return peakMemoryBytes() }
        return pages * 4_096
    }
}
