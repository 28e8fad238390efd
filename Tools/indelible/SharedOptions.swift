import ArgumentParser

/// The log that a command is about.
struct LogOption: ParsableArguments {
    @Option(help: ArgumentHelp("The log's directory.", valueName: "dir"))
    var data: String
}

struct FormatOption: ParsableArguments {
    @Flag(help: "Print JSON, one object a line.")
    var json = false
}
