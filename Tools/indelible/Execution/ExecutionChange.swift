import ArgumentParser
import EngineRuntime
import ExecutionEngine
import ExecutionModel

/// What the commands have in common that change an execution from outside.
struct ExecutionChange: ParsableArguments {
    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption
    @Argument(help: ExecutionSelector.help) var execution: ExecutionSelector

    func submit(_ done: String, _ body: (EngineRuntime, ExecutionID) async throws(RuntimeError) -> Void) async throws {
        let id = try RecordedLog(directory: log.data).execution(execution).id
        try await EngineWriting.withEngine(in: log.data) { runtime throws(RuntimeError) in try await body(runtime, id) }
        var printer = Printer()
        if format.json {
            try printer.json(["execution": "\(id)", "done": done])
        } else {
            try printer.line("execution \(execution) \(done)")
        }
        try printer.flush()
    }
}

struct ExecutionStop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop", abstract: "Ends an execution; its handler is not asked.",
        discussion: """
            indelible execution stop --data payments.log --message 'entered twice' payment/order-000017

            """ + EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange
    @Option(help: "The name of the error's type in the record.") var type: String?
    @Option(help: "Why, for the record.") var message: String?

    func run() async throws {
        let error = type == nil && message == nil ? nil : ErrorObject(message: message, type: type)
        try await change.submit("stopped") { runtime, id throws(RuntimeError) in
            _ = try await runtime.stop(id, error)
        }
    }
}

struct ExecutionCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Asks an execution to end; its handler may undo first what it has done.",
        discussion: """
            The handler hears of it when a program with its function has the log open again.

            """ + EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange
    @Option(help: "Why, for the handler and the record.") var reason: String?

    func run() async throws {
        try await change.submit("asked to end") { runtime, id throws(RuntimeError) in
            try await runtime.cancel(id, reason: reason)
        }
    }
}

struct ExecutionPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause", abstract: "Lets nothing of an execution's handler run until it is resumed.",
        discussion: "What the execution waits for goes on.\n\n" + EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange
    @Option(help: "Why, for the record.") var reason: String?
    @Flag(help: "The execution's own timeout goes on meanwhile.") var keepTimeout = false

    func run() async throws {
        try await change.submit("paused") { runtime, id throws(RuntimeError) in
            try await runtime.pause(id, PauseRequest(reason: reason, pausesTimeout: !keepTimeout))
        }
    }
}

struct ExecutionResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Lets a paused execution go on.", discussion: EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange
    @Option(help: "Why, for the record.") var reason: String?

    func run() async throws {
        try await change.submit("resumed") { runtime, id throws(RuntimeError) in
            try await runtime.resume(id, reason: reason)
        }
    }
}

struct ExecutionDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Forgets an execution that has ended; its name is free then.",
        discussion: EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange

    func run() async throws {
        try await change.submit("deleted") { runtime, id throws(RuntimeError) in try await runtime.delete(id) }
    }
}
