import ArgumentParser
import ExecutionEngine
import ExecutionModel

struct ExecutionList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists executions in the order of their start.",
        discussion: """
            indelible execution list --data payments.log --status running
            indelible execution list --data payments.log --function payment --json | jq -r .result
            """)

    enum Status: String, ExpressibleByArgument, CaseIterable {
        case running, succeeded, failed, timedOut = "timed-out", stopped, pausing, paused

        var value: ExecutionStatus {
            switch self {
            case .running: .running
            case .succeeded: .succeeded
            case .failed: .failed
            case .timedOut: .timedOut
            case .stopped: .stopped
            case .pausing: .pausing
            case .paused: .paused
            }
        }
    }

    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption
    @Option(help: "Only executions of this function.") var function: String?
    @Option(help: "Only executions that stand so.") var status: Status?
    @Option(help: "At most so many.") var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func run() throws {
        let recorded = try RecordedLog(directory: log.data)
        let executions = recorded.engine.all
            .filter { !$0.start.isPlain && (function == nil || $0.start.function == function) }
            .filter { status == nil || $0.status == status?.value }
            .sorted { $0.number < $1.number }
            .prefix(limit ?? .max)
        var printer = Printer()
        if format.json {
            for state in executions {
                try printer.json(ExecutionLine(state, at: recorded.lastTime, withOperations: false))
            }
        } else {
            var table = TextTable(["NUMBER", "FUNCTION/NAME", "STATUS", "STARTED", "EVENTS", "RESULT"])
            for state in executions {
                let line = ExecutionLine(state, at: recorded.lastTime, withOperations: false)
                table.append([
                    "\(state.number)", "\(line.function)/\(line.name)", line.status, line.startTime, "\(line.events)",
                    String((line.error?.text ?? line.result ?? line.standing ?? "").prefix(60)),
                ])
            }
            for line in table.lines { try printer.line(line) }
        }
        try printer.flush()
    }
}
