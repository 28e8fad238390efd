import ArgumentParser

struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Checks, counts and prints what a log's files hold, while it is open elsewhere or not.",
        subcommands: [LogVerify.self, LogStats.self, LogDump.self])
}
