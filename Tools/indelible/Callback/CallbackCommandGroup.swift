import ArgumentParser
import EngineRuntime
import ExecutionEngine
import ExecutionModel
import LogStorage

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

    /// Opens the engine without functions, so that nothing runs, and passes the command on.
    func submit(_ command: CallbackCommand, done: String) async throws {
        // Opening would make a log where there is none.
        _ = try LogReading.inspector(log.data)
        do throws(RuntimeError) {
            let runtime = try await EngineRuntime.open(at: log.data, functions: [])
            do throws(RuntimeError) {
                try await runtime.complete(callback, command)
            } catch {
                try await runtime.close(grace: .zero)
                throw error
            }
            try await runtime.close(grace: .zero)
        } catch {
            throw ToolFailure(error)
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

extension ToolFailure {
    init(_ error: RuntimeError) {
        switch error {
        case .refused, .unknownFunction, .unknownExecution: self.init(.no, "\(error)")
        case .log(let cause): self.init(cause)
        case .unreadableEvent, .impossibleRecord, .closed, .cancelled: self.init(.couldNot, "\(error)")
        }
    }

    init(_ error: LogError) {
        switch error {
        case .damaged:
            self.init(.no, "\(error)")
        case .inUse(let directory):
            self.init(.couldNot, "another process has the log in \(directory) open; ask that program, or stop it first")
        case .notALog(let path, let found):
            // Unlike a program, the tool makes no log, so an empty directory is none either.
            self.init(
                .couldNot,
                "\(path) is no log: found \(found) there; --data takes a directory with 00000001.segment in it")
        case .outcomeUnknown, .closed, .noRoom, .appendTooLarge, .newerVersion, .declined, .noSuchRecord, .storage:
            self.init(.couldNot, "\(error)")
        }
    }
}
