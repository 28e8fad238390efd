import ArgumentParser

struct ExecutionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "execution",
        abstract: "Shows executions as the log tells them, while it is open elsewhere or not; and changes them.",
        subcommands: [
            ExecutionList.self, ExecutionGet.self, ExecutionHistory.self, ExecutionStop.self, ExecutionCancel.self,
            ExecutionPause.self, ExecutionResume.self, ExecutionHold.self, ExecutionRelease.self, ExecutionDelete.self,
        ])
}
