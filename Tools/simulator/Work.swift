import ArgumentParser
import Foundation
import Simulation

/// A process that runs every so-manieth seed and says what came of each: what ``Campaign`` starts. A trap ends it alone.
struct Work: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "work", shouldDisplay: false)

    // No options: those of the command above would be taken for them.
    @Argument var first: UInt64
    @Argument var last: UInt64
    @Argument var stride: UInt64
    @Argument var stepCount: Int

    func run() throws {
        for seed in Swift.stride(from: first, through: last, by: Int(stride)) {
            try say(.begins(seed))
            var simulation = Simulation(seed: seed, steps: stepCount)
            try say(.ended(simulation.run()))
        }
    }

    private func say(_ line: WorkLine) throws {
        let encoder = JSONEncoder()
        // So that equal runs say equal bytes.
        encoder.outputFormatting = .sortedKeys
        try FileHandle.standardOutput.write(contentsOf: encoder.encode(line) + [UInt8(ascii: "\n")])
    }
}

enum WorkLine: Codable, Sendable {
    case begins(UInt64)
    case ended(SimulationReport)
}
