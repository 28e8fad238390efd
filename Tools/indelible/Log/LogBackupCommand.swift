import ArgumentParser
import Foundation
import LogStorage

struct LogBackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copies a log to a backup, also while a program writes to it: the first time all, then what is new.",
        discussion: """
            indelible log backup --data payments.log --to /mnt/backup/payments.log

            After every run the backup is a log of its own, with all that was acknowledged when the run began, and every \
            byte that was copied has been read back and checked. Sealed segments are copied once, the newest one each time; what \
            compaction has dropped from the log leaves the backup too.

            A run that was interrupted leaves the backup as it was or further on; the next run, or a restore, finishes it.

            To use a backup, restore it to another directory ('indelible log restore'). A program that opens the backup \
            itself writes to it, and the next run refuses it then. To look at it is harmless: 'log verify', 'execution \
            list' and the like take it as --data.

            Exit code 1: the log is damaged, or the backup is not of this log; the backup keeps what it had.
            """)

    @OptionGroup var log: LogOption
    @Option(help: ArgumentHelp("The backup's directory: missing, empty, or a backup of this log.", valueName: "dir"))
    var to: String
    @OptionGroup var format: FormatOption

    /// What `--json` prints.
    struct Line: Encodable {
        var logID: String
        var copiedSegments: [UInt64]
        var keptSegments: Int
        var copiedRewriteSegments: [UInt64]
        var keptRewriteSegments: Int
        var bytes: Int
        /// The LSN that follows the backup's last record.
        var nextLSN: UInt64
        /// What was left out, since it is damaged and can be made anew.
        var notes: [String]
    }

    func run() throws {
        try CopyCommand.refuse(log.data, as: to)
        let report = try CopyCommand.run { progress throws(LogCopyError) in
            try LogBackup(of: log.data, to: to, fileSystem: PosixFileSystem()).run(progress: progress)
        }
        let line = Line(
            logID: "\(report.logID)", copiedSegments: report.copied, keptSegments: report.keptCount,
            copiedRewriteSegments: report.copiedRewrites, keptRewriteSegments: report.keptRewriteCount,
            bytes: report.byteCount, nextLSN: report.nextLSN.rawValue, notes: report.notes)
        try CopyCommand.show(line, json: format.json) {
            let rewrites = report.copiedRewrites.count
            return "\(to): records up to LSN \(line.nextLSN - 1); copied \(counted(report.copied.count, "segment"))"
                + (rewrites > 0 ? " and \(counted(rewrites, "rewrite segment"))" : "")
                + " (\(byteText(line.bytes))), \(report.keptCount + report.keptRewriteCount) were there"
                + report.notes.map { "\n\($0)" }.joined()
        }
    }
}

struct LogRestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Makes a log of a backup, after checking every byte of it.",
        discussion: """
            indelible log restore --from /mnt/backup/payments.log --data payments.log

            The directory must be missing or empty. It becomes a log with the last step: if the restore is interrupted, \
            no program opens what it left; remove the directory and begin again.

            What was recorded after the backup was made is not in it. Before a restored log goes to work, make sure that \
            the log it was made of never does again: both would go on with the same executions.

            Exit code 1: the backup is damaged; nothing was written.
            """)

    @Option(help: ArgumentHelp("The backup's directory.", valueName: "dir"))
    var from: String
    @Option(help: ArgumentHelp("The new log's directory: missing or empty.", valueName: "dir"))
    var data: String
    @OptionGroup var format: FormatOption

    /// What `--json` prints.
    struct Line: Encodable {
        var logID: String
        var segments: Int
        var rewriteSegments: Int
        /// In the segments; those of rewrite segments are copies.
        var records: Int
        var nextLSN: UInt64
        var notes: [String]
    }

    func run() throws {
        try CopyCommand.refuse(from, as: data)
        let report = try CopyCommand.run { progress throws(LogCopyError) in
            try LogRestore(of: from, to: data, fileSystem: PosixFileSystem()).run(progress: progress)
        }
        let line = Line(
            logID: "\(report.logID)", segments: report.segmentCount,
            rewriteSegments: report.rewriteSegmentCount, records: report.recordCount,
            nextLSN: report.nextLSN.rawValue, notes: report.notes)
        try CopyCommand.show(line, json: format.json) {
            "\(data): \(counted(line.records, "record")) in \(counted(line.segments, "segment")) and "
                + "\(counted(line.rewriteSegments, "rewrite segment")), every checksum and link holds"
                + report.notes.map { "\n\($0)" }.joined()
        }
    }
}

/// What the commands that copy logs share.
enum CopyCommand {
    /// A directory is no copy of itself.
    static func refuse(_ source: String, as target: String) throws {
        func resolved(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        if resolved(source) == resolved(target) {
            throw ToolFailure(.usage, "\(target) is the log itself; choose another directory")
        }
    }

    /// Shows a terminal how far the work is.
    static func run<Report>(
        _ body: ((_ done: Int, _ count: Int) -> Void) throws(LogCopyError) -> Report
    ) throws -> Report {
        let isTerminal = isatty(STDERR_FILENO) == 1
        defer { if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) } }
        do throws(LogCopyError) {
            return try body { done, count in
                if isTerminal, count > 1 {
                    FileHandle.standardError.write(Data("\r\u{1B}[K\(done) of \(count) segments".utf8))
                }
            }
        } catch {
            throw ToolFailure(error)
        }
    }

    static func show(_ line: some Encodable, json: Bool, _ text: () -> String) throws {
        var printer = Printer()
        if json { try printer.json(line) } else { try printer.line(text()) }
        try printer.flush()
    }
}

extension ToolFailure {
    init(_ error: LogCopyError) {
        switch error {
        case .source(let error): self.init(error)
        case .anotherLog, .parted, .copy: self.init(.no, "\(error)")
        case .storage, .notEmpty, .inUse, .copyDiffers, .unsettled: self.init(.couldNot, "\(error)")
        }
    }
}
