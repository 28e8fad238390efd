import ArgumentParser
import EngineRuntime
import ExecutionModel
import Foundation
import LogStorage

struct LogSalvageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Makes a new log of all that a damaged one still holds, and says exactly what is missing.",
        discussion: """
            indelible log salvage --data payments.log --to payments-salvaged.log

            If there is a backup, look at it first: 'log restore' may lose less. The damaged log is only read; keep it. The \
            new directory must be missing or empty, and becomes a log with the last step.

            In the new log, executions whose history is whole run on. One whose history has a hole keeps its name and what \
            came before the hole, and is paused, or ended as it was recorded; all that was found of it is in damaged.jsonl. \
            One whose start is lost is there only. One that was open when records were lost of which nothing is known may \
            have lost its last events; it is paused too, since what they recorded might be done again.

            What compaction has dropped on purpose is not missing, and what it has copied is read as the rest is.

            Find out what became of a paused one (the reason of its pause begins with 'salvaged:'), then stop it, or \
            'execution resume' it if you are sure. With --run-doubtful those of which nothing is known to be lost are not \
            paused in the first place.

            Exit code 1: something is missing; the new log was made all the same.
            """)

    @OptionGroup var log: LogOption
    @Option(help: ArgumentHelp("The new log's directory: missing or empty.", valueName: "dir"))
    var to: String
    @Flag(help: "Let executions run on that may have lost their last events, though nothing says so.")
    var runDoubtful = false
    @OptionGroup var format: FormatOption

    func run() throws {
        try CopyCommand.refuse(log.data, as: to)
        let report: SalvageReport
        do throws(SalvageError) {
            report = try LogSalvage(
                of: log.data, to: to, runsDoubtful: runDoubtful, fileSystem: PosixFileSystem()
            ).run(now: SystemClock().now(), seed: .random(in: 0 ... .max))
        } catch {
            throw ToolFailure(error)
        }
        var printer = Printer()
        if format.json { try showJSON(report, &printer) } else { try showText(report, &printer) }
        try printer.flush()
        if !report.isComplete {
            throw ToolFailure(.no, "something is missing in \(to); keep \(log.data) as it is")
        }
    }

    // MARK: JSON, one object a line

    private struct Summary: Encodable {
        var type = "summary"
        var complete: Bool
        var oldLogID: String?
        var newLogID: String
        var keptRecords: Int
        var addedRecords: Int
        var lostRecords: UInt64
        var leftOutRecords: Int
        var wholeExecutions: Int
        var damagedExecutions: Int
        var unreadableSegments: [UInt64]
        var unreadableRewriteSegments: [UInt64]
        /// Whether copies of records from before compaction may be lost without a trace.
        var copiesUnknown: Bool
        var endUnknown: Bool
        var deviceError: String?
    }

    private struct Problem: Encodable {
        var type = "problem"
        var segment: UInt64
        var offset: Int
        var reason: String
    }

    private struct Lost: Encodable {
        var type = "lost"
        var fromLSN: UInt64
        var throughLSN: UInt64
    }

    private struct Execution: Encodable {
        var type = "execution"
        var number: UInt64
        var standing: String
        var id: String?
        var function: String?
        var name: String?
        var found: [String]
        var missing: [String]
    }

    private func showJSON(_ report: SalvageReport, _ printer: inout Printer) throws {
        try printer.json(
            Summary(
                complete: report.isComplete, oldLogID: report.oldLogID.map { "\($0)" },
                newLogID: "\(report.newLogID)", keptRecords: report.keptCount, addedRecords: report.addedCount,
                lostRecords: report.lostCount, leftOutRecords: report.leftOutCount,
                wholeExecutions: report.wholeCount, damagedExecutions: report.damaged.count,
                unreadableSegments: report.unreadableSegments,
                unreadableRewriteSegments: report.unreadableRewriteSegments, copiesUnknown: report.hasLostCopies,
                endUnknown: report.isOpenEnded,
                deviceError: report.deviceError.map { "\($0)" }))
        for problem in report.problems {
            try printer.json(
                Problem(segment: problem.segment, offset: problem.offset, reason: "\(problem.reason)"))
        }
        for lsns in report.unknown {
            try printer.json(Lost(fromLSN: lsns.lowerBound.rawValue, throughLSN: lsns.upperBound.rawValue - 1))
        }
        for execution in report.damaged {
            try printer.json(
                Execution(
                    number: execution.number, standing: execution.standing.rawValue,
                    id: execution.id.map { "\($0)" }, function: execution.function, name: execution.name,
                    found: execution.found.map(\.text), missing: execution.missing.map(\.text)))
        }
    }

    // MARK: Text

    private func showText(_ report: SalvageReport, _ printer: inout Printer) throws {
        for problem in report.problems {
            try printer.line("DAMAGED  segment \(problem.segment) at byte \(problem.offset): \(problem.reason)")
        }
        if let error = report.deviceError { try printer.line("DAMAGED  \(error)") }
        for lsns in report.unknown {
            let count = Int(lsns.upperBound.rawValue - lsns.lowerBound.rawValue)
            try printer.line(
                "LOST     \(counted(count, "record")), LSN \(lsns.lowerBound.rawValue) to "
                    + "\(lsns.upperBound.rawValue - 1), and with them whatever executions began there")
        }
        for number in report.unreadableRewriteSegments {
            try printer.line("LOST     what rewrite segment \(number) held; how much is not known")
        }
        if report.hasLostCopies && report.unreadableRewriteSegments.isEmpty {
            try printer.line("LOST     a part of what a rewrite segment held; how much is not known")
        }
        if report.isOpenEnded { try printer.line("LOST     what the last segment held; how much is not known") }
        for execution in report.damaged {
            let what = [execution.function, execution.name].compactMap { $0 }.joined(separator: "/")
            try printer.line(
                "EXECUTION \(execution.number)  \(what.isEmpty ? "of unknown name" : what)  \(execution.standing.words)"
                    + (execution.found.isEmpty
                        ? "" : "  found #\(execution.found.map(\.text).joined(separator: ", #"))")
                    + (execution.missing.isEmpty
                        ? "" : "  missing #\(execution.missing.map(\.text).joined(separator: ", #"))"))
        }
        try printer.line(
            "\(to): \(counted(report.keptCount, "record")) kept, \(report.addedCount) added, \(report.lostCount) lost, "
                + "\(report.leftOutCount) left out; \(counted(report.wholeCount, "execution")) whole, "
                + "\(report.damaged.count) not")
    }
}

extension SalvagedExecution.Standing {
    fileprivate var words: String {
        switch self {
        case .heldDoubtful: "paused: its last events may be lost"
        case .runningDoubtful: "runs on: its last events may be lost"
        case .heldCut: "paused at the hole"
        case .ended: "ended, with a hole in its history"
        case .leftOut: "left out: its start is lost"
        }
    }
}

extension SalvageReport {
    /// Records that are lost, of whomever.
    fileprivate var lostCount: UInt64 {
        unknown.reduce(UInt64(lostBodyCount)) { $0 + ($1.upperBound.rawValue - $1.lowerBound.rawValue) }
    }
}

extension ClosedRange<UInt32> {
    fileprivate var text: String { count == 1 ? "\(lowerBound)" : "\(lowerBound)-\(upperBound)" }
}

extension ToolFailure {
    init(_ error: SalvageError) {
        switch error {
        case .copy(let error): self.init(error)
        case .record(let error): self.init(error)
        case .changed: self.init(.couldNot, "\(error)")
        }
    }
}
