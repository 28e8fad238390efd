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
        let recorded = try RecordedLog(directory: log.data)
        var events = try recorded.history(of: try recorded.execution(execution).number)
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
}
