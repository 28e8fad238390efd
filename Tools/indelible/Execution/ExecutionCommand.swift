import ArgumentParser

struct ExecutionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "execution",
        abstract: "Shows executions as the log tells them, while it is open elsewhere or not.",
        subcommands: [ExecutionList.self, ExecutionGet.self, ExecutionHistory.self])
}
