import ArgumentParser

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Checks, counts, prints, copies and compacts what a log's files hold.",
        subcommands: [
            LogVerify.self, LogStats.self, LogDump.self, LogBackupCommand.self, LogRestoreCommand.self,
            LogSalvageCommand.self, LogCompact.self,
        ])
}
