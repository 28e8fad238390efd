import ArgumentParser

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Checks, counts, prints and copies what a log's files hold, while it is open elsewhere or not.",
        subcommands: [
            LogVerify.self, LogStats.self, LogDump.self, LogBackupCommand.self, LogRestoreCommand.self,
            LogSalvageCommand.self,
        ])
}
