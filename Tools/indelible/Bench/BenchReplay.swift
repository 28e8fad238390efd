import ArgumentParser
import EngineRuntime
import Foundation
import Indelible
import Synchronization

/// Replays of completed steps, beside what their decoding alone takes.
struct BenchReplay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Replays an execution's completed steps, beside the decoding of their results alone.",
        discussion: """
            The handler makes --steps steps, one after the other, and waits --replays times; no handler is kept in memory, so \
            each wait is followed by a replay of them all. Once with a number for each step's result, once with a struct of \
            four fields, about 60 bytes of JSON.

              indelible bench replay --json
            """)

    @OptionGroup var format: FormatOption
    @Option(help: "Steps that a replay goes through.") var steps = 10_000
    @Option(help: "Replays of each kind; the median counts.") var replays = 9

    func validate() throws {
        guard (1...1_000_000).contains(steps) else { throw ValidationError("--steps is 1 to 1000000") }
        guard (1...1_000).contains(replays) else { throw ValidationError("--replays is 1 to 1000") }
    }

    func run() async throws {
        let loadAverage = ProcessFigures.loadAverage()
        let scalar = try await measure { Int.random(in: 0...99_999) }
        let structure = try await measure { Receipt.random() }
        let result = BenchReplayResult(
            steps: steps, replays: replays, scalar: scalar, structure: structure, loadAverage: loadAverage)
        try format.report(result, lines: result.lines)
    }

    private func measure<Value: Codable & Sendable>(
        _ value: @escaping @Sendable () -> Value
    ) async throws -> BenchReplayResult.Side {
        let directory = try BenchRun.prepareDirectory(nil)
        defer { BenchRun.removeDirectory(directory) }
        let times = Mutex<[Duration]>([])
        let (steps, replays) = (steps, replays)
        let function = DurableFunction<Void, Int>("bench-replay") { (context: DurableContext) in
            let begin = ContinuousClock.now
            var count = 0
            for _ in 0..<steps {
                _ = try await context.step("work") { _ in value() }
                count += 1
            }
            let elapsed = ContinuousClock.now - begin
            times.withLock { $0.append(elapsed) }
            for _ in 0..<replays { try await context.wait("a replay", for: .milliseconds(1)) }
            return count
        }
        let engine = try await DurableEngine.open(
            at: directory, functions: [function], options: EngineOptions(parkedHandlersMax: 0))
        _ = try await engine.start(function, name: "bench").result()
        try await engine.close()
        // The first run has recorded them.
        let replayed = times.withLock { Array($0.dropFirst()) }
        return BenchReplayResult.Side(
            stepsPerSecond: Double(steps) / median(replayed), decodedPerSecond: Double(steps) / (try decoding(value)))
    }

    /// Seconds that it takes to decode as many results, and nothing else.
    private func decoding<Value: Codable>(_ value: () -> Value) throws -> Double {
        let encoder = JSONEncoder()
        let decoder = JSONDecoder()
        let texts = try (0..<steps).map { _ in try encoder.encode(value()) }
        return median(
            try (0..<replays).map { _ in
                let begin = ContinuousClock.now
                for text in texts { _ = try decoder.decode(Value.self, from: text) }
                return ContinuousClock.now - begin
            })
    }

    private func median(_ times: [Duration]) -> Double {
        times.sorted()[times.count / 2].seconds
    }
}

/// What `bench replay --json` prints.
struct BenchReplayResult: Encodable {
    struct Side: Encodable {
        /// Of the median replay.
        var stepsPerSecond: Double
        /// Results that the system's JSON decoder alone decodes in the same process.
        var decodedPerSecond: Double
    }

    var bench = "replay"
    var steps: Int
    var replays: Int
    var scalar: Side
    var structure: Side
    var loadAverage: Double

    var lines: [String] {
        [("a number", scalar), ("a struct of four fields", structure)].map { name, side in
            "\(name): \(Int(side.stepsPerSecond)) replayed steps/s; decoding alone: \(Int(side.decodedPerSecond))/s"
        }
    }
}
