import ArgumentParser
import ExecutionEngine
import ExecutionModel
import LogStorage

struct ExecutionHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Shows every recorded event of one execution, the internal ones included, in order.",
        discussion: """
            indelible execution history --data payments.log payment/order-000017 --json

            Of a history whose retention is over, the start, the end and what was said of its retention are left: a line
            before the rest says so, and with --json the field 'historyTrimmed' of every event, with the time.
            """)

    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption
    @Argument(help: ExecutionSelector.help) var execution: ExecutionSelector

    func run() throws {
        var events = try recordedEvents()
        guard !events.isEmpty else {
            throw ToolFailure(
                .no, "no execution \(execution) in this log; 'indelible execution list' shows what there is")
        }
        let trim = HistoryTrim(of: events)
        if trim != nil { events = HistoryTrim.kept(of: events) }
        var lines = HistoryLines(trim: trim)
        var printer = Printer()
        if format.json {
            for event in events { try printer.json(lines.line(event)) }
        } else {
            if let trim {
                try printer.line(
                    "the history was trimmed at \(trim.time.text), after its retention: only its summary is left")
            }
            var table = TextTable(["#", "LSN", "TIME", "EVENT", "DETAIL"])
            for event in events {
                let line = lines.line(event)
                table.append(["\(line.sequence)", "\(line.lsn)", line.time, line.event, line.detail])
            }
            for line in table.lines { try printer.line(line) }
        }
        try printer.flush()
    }

    /// One pass: an execution's number is its first event's LSN, so the start event says whether it is the one.
    private func recordedEvents() throws -> [RecordedEvent] {
        var number: ExecutionNumber?
        var events: [RecordedEvent] = []
        try LogReading.records(in: log.data) { record in
            if let number {
                if record.execution == number.rawValue { events.append(try RecordedEvent(readable: record)) }
                return
            }
            guard EventKind(rawValue: record.kind)?.isStart ?? false else { return }
            let event = try RecordedEvent(readable: record)
            if case .executionStarted(let start) = event.event, isWanted(event.execution, start) {
                number = event.execution
                events.append(event)
            }
        }
        return events
    }

    private func isWanted(_ number: ExecutionNumber, _ start: ExecutionStart) -> Bool {
        switch execution {
        case .number(let wanted): number == wanted
        case .id(let wanted): wanted == ExecutionID(number: number, secret: start.secret)
        case .name(let function, let name): start.function == function && start.name == name
        }
    }
}
