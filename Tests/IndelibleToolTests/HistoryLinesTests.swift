import ExecutionModel
import Testing

@testable import indelible_tool

@Suite struct HistoryLinesTests {
    private func recorded(_ sequence: UInt32, _ event: Event) -> RecordedEvent {
        RecordedEvent(
            lsn: UInt64(sequence), execution: ExecutionNumber(1), sequence: sequence,
            time: Timestamp(millisecondsSinceEpoch: 0), event: event)
    }

    @Test func `later events of an operation show the path that its first one gave`() {
        var lines = HistoryLines()
        let first = OperationStart(id: OperationID("1"), subType: "Step", name: "authorize")
        let started = lines.line(recorded(2, .stepStarted(.first(first))))
        let ended = lines.line(
            recorded(
                3,
                .stepSucceeded(
                    .existing(OperationOrdinal(0)), result: .inline(Array("7".utf8)), nextAttemptDelay: nil)))
        #expect(started.operation == "1")
        #expect(started.name == "authorize")
        #expect(ended.operation == "1")
        #expect(ended.result == "7")
        #expect(ended.time == "1970-01-01T00:00:00.000Z")
    }
}

@Suite struct ExecutionSelectorTests {
    @Test(
        arguments: [
            ("17", "17"), ("payment/order-1", "payment/order-1"),
            ("17-000000000000000000000000000000ff", "17-000000000000000000000000000000ff"), ("order-1", nil),
            ("a/b/c", nil),
            ("/b", nil), ("", nil),
        ] as [(String, String?)])
    func `an id, a number, and function and name are told apart`(argument: String, selector: String?) {
        #expect(ExecutionSelector(argument: argument)?.description == selector)
    }
}

@Suite struct LatencyTests {
    @Test(
        arguments: [
            ([], 0, 0), ([5], 5, 5), (Array(stride(from: 100.0, through: 1, by: -1)), 51, 100),
        ] as [([Double], Double, Double)])
    func `percentiles come from the sorted samples`(samples: [Double], p50: Double, p99: Double) {
        let latency = BenchResult.Latency(of: samples)
        #expect(latency.p50 == p50)
        #expect(latency.p99 == p99)
    }
}

@Suite struct DurationTextTests {
    @Test(
        arguments: [
            (0, "0 ms"), (1, "1 ms"), (1_000, "1 s"), (1_500, "1500 ms"), (90_000, "90 s"), (120_000, "2 min"),
            (3_600_000, "1 h"), (86_400_000, "1 day"), (1_209_600_000, "14 days"), (90_000_000, "25 h"),
        ] as [(Int64, String)])
    func `a duration shows in the greatest unit that loses nothing`(milliseconds: Int64, text: String) {
        #expect(durationText(milliseconds: milliseconds) == text)
    }
}
