import DemoPayments
import Foundation

/// The table at the end.
struct Report {
    let verdict: Verdict
    let workers: WorkerRuns
    let counts: GatewayCounts
    let log: LogFigures
    let elapsed: Duration

    var table: String {
        var rows: [(String, String, String)] = [("orders", number(verdict.orders), "in \(seconds(elapsed))")]
        for outcome in PaymentOutcome.allCases {
            rows.append(("  " + outcome.title, number(verdict.countOfOutcome[outcome] ?? 0), outcome.remark))
        }
        let invocations = log.recordsOfKind["invocationStarted"] ?? 0
        let executions = log.recordsOfKind["executionStarted"] ?? 0
        rows += [
            ("kills survived", number(workers.kills), "\(number(workers.interrupted)) times a payment was under way"),
            (
                "replays", number(invocations - executions),
                "handlers run again from the record, after kills, waits and approvals"
            ),
            (
                "gateway calls", number(counts.requests),
                "\(number(counts.failedBefore)) failed before the effect, \(number(counts.failedAfter)) after it; "
                    + "\(number(counts.repeats)) repeats had none"
            ),
            ("captures", number(verdict.captures), ""),
            ("  per approved order", span(verdict.capturesOfApproved), "must be 1"),
            ("  per declined order", span(verdict.capturesOfDeclined), "must be 0"),
            (
                "log", bytes(log.usedBytes),
                "\(number(log.records)) events in \(number(log.frames)) frames, \(number(log.segments)) segments"
            ),
            ("disagreements", number(verdict.disagreements.count), "orders on which log and ledger differ"),
        ]
        let first = rows.map(\.0.count).max()!
        let second = rows.map(\.1.count).max()!
        let rule = String(repeating: "─", count: 78)
        let lines = rows.map { row in
            pad(row.0, first) + "  " + String(repeating: " ", count: second - row.1.count) + row.1
                + (row.2.isEmpty ? "" : "   " + row.2)
        }
        return ([rule] + lines + [rule]).joined(separator: "\n")
    }

    private func pad(_ text: String, _ count: Int) -> String {
        text + String(repeating: " ", count: count - text.count)
    }

    private func span(_ range: ClosedRange<Int>?) -> String {
        guard let range else { return "–" }
        return range.count == 1 ? String(range.lowerBound) : "\(range.lowerBound) to \(range.upperBound)"
    }

    private func seconds(_ duration: Duration) -> String {
        String(format: "%.1f s", Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18)
    }

    private func bytes(_ count: Int) -> String {
        let kibibytes = Double(count) / 1_024
        return kibibytes < 1_024
            ? String(format: "%.0f KiB", kibibytes) : String(format: "%.1f MiB", kibibytes / 1_024)
    }

    /// With a comma before every third digit.
    private func number(_ value: Int) -> String {
        var digits = Array(String(value).reversed())
        for place in stride(from: 3, to: digits.count, by: 3).reversed() { digits.insert(",", at: place) }
        return String(digits.reversed())
    }
}

extension PaymentOutcome {
    fileprivate var title: String {
        switch self {
        case .settled: "settled"
        case .declinedByBank: "declined by the bank"
        case .refusedForFraud: "refused for fraud"
        case .refusedByDesk: "refused by the desk"
        case .captureRefused: "capture refused"
        case .settlementRefused: "settlement refused"
        }
    }

    fileprivate var remark: String {
        switch self {
        case .settled, .declinedByBank: ""
        case .refusedForFraud, .refusedByDesk, .captureRefused: "authorisation voided"
        case .settlementRefused: "capture refunded"
        }
    }
}
