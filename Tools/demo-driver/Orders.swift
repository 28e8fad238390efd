import ArgumentParser
import DemoPayments
import Foundation

struct Orders: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes orders to standard output, one JSON object a line; the same seed gives the same bytes.",
        discussion: "Fixtures/orders/orders.jsonl is what it writes without options; Tools/test checks that.")

    @Option(help: "How many.") var count = 1_200
    @Option(help: "What they are drawn from.") var seed: UInt64 = 2025

    func validate() throws {
        guard (1...1_000_000).contains(count) else { throw ValidationError("--count is 1 to 1000000") }
    }

    func run() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var generator = OrderGenerator(seed: seed)
        var bytes = Data()
        for order in generator.orders(count: count) {
            bytes += try encoder.encode(order)
            bytes.append(UInt8(ascii: "\n"))
        }
        try FileHandle.standardOutput.write(contentsOf: bytes)
    }
}
