import ArgumentParser
import EngineRuntime
import ExecutionEngine
import ExecutionModel

struct CallbackCommandGroup: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "callback",
        abstract: "Completes a callback, or keeps it alive, from outside.",
        discussion: """
            These commands write, so they need the log's lock: while a program has the log open, complete the callback \
            through that program. An open callback's id is in 'indelible execution get'.
            """,
        subcommands: [CallbackSucceed.self, CallbackFail.self, CallbackHeartbeat.self])
}

struct CallbackOptions: ParsableArguments {
    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption
    @Argument(help: "The callback's id, as 'indelible execution get' shows it.") var callback: CallbackID

    func submit(_ command: CallbackCommand, done: String) async throws {
        try await EngineWriting.withEngine(in: log.data) { runtime throws(RuntimeError) in
            try await runtime.complete(callback, command)
        }
        var printer = Printer()
        if format.json {
            try printer.json(["callback": "\(callback)", "done": done])
        } else {
            try printer.line("callback \(done)")
        }
        try printer.flush()
    }
}

extension CallbackID: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}
