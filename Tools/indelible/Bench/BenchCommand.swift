import ArgumentParser

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract:
            "Measures durable steps, beside the physical limit of the same disk in the same run, and large batches.",
        discussion: """
            Without --data the log is made in a new directory under the current one, and removed: choose a current \
            directory on the disk to be measured, never a RAM disk. Run it on a quiet machine; loadAverage says whether \
            it was.
            """,
        subcommands: [
            BenchSteps.self, BenchCommit.self, BenchParked.self, BenchMap.self, BenchSuspended.self, BenchOpen.self,
            BenchReplay.self,
        ])
}

struct BenchOptions: ParsableArguments {
    @OptionGroup var format: FormatOption
    @Option(help: "How many at a time.") var executions = 1_000
    @Option(help: "Steps of each, one after the other.") var steps = 20
    @Option(help: ArgumentHelp("Keep the log there; a directory that is empty or not there yet.", valueName: "dir"))
    var data: String?

    func validate() throws {
        guard (1...1_000_000).contains(executions) else { throw ValidationError("--executions is 1 to 1000000") }
        guard (1...1_000_000).contains(steps) else { throw ValidationError("--steps is 1 to 1000000") }
    }
}

extension FormatOption {
    /// Prints one measurement.
    func report(_ result: some Encodable, lines: [String]) throws {
        var printer = Printer()
        if json {
            try printer.json(result)
        } else {
            for line in lines { try printer.line(line) }
        }
        try printer.flush()
    }
}
