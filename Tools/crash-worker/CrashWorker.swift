import ArgumentParser

@main struct CrashWorker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash-worker",
        abstract: "Real processes, real signals, real file systems: what a simulation cannot show.",
        subcommands: [Append.self, Loop.self, FullDisk.self])
}

/// What went wrong, for the one who ran the test.
struct CrashTestError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
