import ArgumentParser

struct ExecutionGet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Shows one execution; of a running one also its operations, with the ids of open callbacks.",
        discussion: "indelible execution get --data payments.log payment/order-000017")

    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption
    @Argument(help: ExecutionSelector.help) var execution: ExecutionSelector

    func run() throws {
        let recorded = try RecordedLog(directory: log.data)
        let state = try recorded.execution(execution)
        let line = ExecutionLine(state, at: recorded.lastTime, withOperations: true)
        var printer = Printer()
        if format.json {
            try printer.json(line)
        } else {
            let fields: [(String, String?)] = [
                ("id", line.id), ("function", line.function), ("name", line.name), ("status", line.status),
                ("tenant", line.tenant), ("invoked by", line.invokedBy), ("cancelled", line.cancelRequested),
                ("standing", line.standing), ("started", line.startTime), ("ended", line.endTime),
                ("next due", line.nextDue), ("events", "\(line.events)"), ("invocations", "\(line.invocations)"),
                ("input", line.input), ("result", line.result), ("error", line.error?.text),
            ]
            let retention =
                [("trimmed", line.historyTrimmed.map { "\($0): its summary is left" })]
                + (line.holds ?? []).map { ("held by", $0.text) }
            for (title, value) in fields + retention + (line.divergence?.lines.map { ($0.title, $0.text) } ?? []) {
                if let value { try printer.line(title + String(repeating: " ", count: 13 - title.count) + value) }
            }
            if let operations = line.operations, !operations.isEmpty {
                var table = TextTable(["OPERATION", "TYPE", "NAME", "STATUS", "STARTED", "RESULT, CALLBACK OR CHILD"])
                for operation in operations {
                    let isOpen = operation.endTime == nil
                    table.append([
                        operation.id, operation.subType ?? operation.type, operation.name ?? "", operation.status,
                        operation.startTime,
                        (isOpen ? operation.callbackID ?? operation.child : nil) ?? operation.error?.text ?? operation
                            .result ?? "",
                    ])
                }
                try printer.line("")
                for line in table.lines { try printer.line(line) }
            }
        }
        try printer.flush()
    }
}
