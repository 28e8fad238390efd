import DemoPayments
import Foundation

/// A payment as the log tells it: one line of `indelible execution list --json`.
struct RecordedPayment: Decodable, Sendable {
    var name: String
    var status: String
    /// The recorded result's text.
    var result: String?

    /// What the execution returned; nil when it has not, or when that is no ``PaymentResult``.
    var payment: PaymentResult? {
        guard status == "SUCCEEDED", let result else { return nil }
        return try? JSONDecoder().decode(PaymentResult.self, from: Data(result.utf8))  // Nil is a disagreement.
    }

    static func all(in files: DemoFiles, _ programs: Programs) async throws -> [RecordedPayment] {
        let list = try await programs.output(of: "indelible", ["execution", "list", "--data", files.log, "--json"])
        if list.status != 0 { throw DemoError("'indelible execution list' ended with code \(list.status)") }
        let decoder = JSONDecoder()
        return try list.text.split(separator: "\n").map {
            try decoder.decode(RecordedPayment.self, from: Data($0.utf8))
        }
    }
}

/// What `indelible log stats --json` counts.
struct LogFigures: Decodable, Sendable {
    var segments: Int
    var frames: Int
    var records: Int
    var usedBytes: Int
    var recordsOfKind: [String: Int]

    static func read(_ files: DemoFiles, _ programs: Programs) async throws -> LogFigures {
        let stats = try await programs.output(of: "indelible", ["log", "stats", "--data", files.log, "--json"])
        if stats.status != 0 { throw DemoError("'indelible log stats' ended with code \(stats.status)") }
        return try JSONDecoder().decode(LogFigures.self, from: Data(stats.text.utf8))
    }
}

extension GatewayCounts {
    static func read(_ files: DemoFiles) throws -> GatewayCounts {
        let data = try Data(contentsOf: URL(fileURLWithPath: files.gatewayCounts))
        return try JSONDecoder().decode(GatewayCounts.self, from: data)
    }
}

enum Ledger {
    static func read(_ files: DemoFiles) throws -> [LedgerEntry] {
        var reader = LineReader(files.ledger)
        return try reader.next(LedgerEntry.self)
    }
}
