import ArgumentParser
import EngineRuntime
import ExecutionModel

struct ExecutionHold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keeps an execution: nothing of it is trimmed or deleted until it is released.",
        discussion: """
            indelible execution hold --data payments.log --hold case-4711 --reason audit payment/order-000017

            Several people may hold an execution, each by a name of their own; 'execution get' shows them.

            """ + EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange
    @Option(name: .customLong("hold"), help: "The name of the hold: 1 to 64 characters of [a-zA-Z0-9-_].")
    var name: String
    @Option(help: "Why, for the record.") var reason: String?

    func run() async throws {
        try await change.submit("held by '\(name)'") { runtime, id throws(RuntimeError) in
            try await runtime.hold(id, as: name, reason: reason)
        }
    }
}

struct ExecutionRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release", abstract: "Ends a hold on an execution; after the last one its retention counts again.",
        discussion: """
            What is due by then is trimmed at once: an execution whose retention was over during the hold is gone.

            """ + EngineWriting.discussion)

    @OptionGroup var change: ExecutionChange
    @Option(name: .customLong("hold"), help: "The name of the hold.") var name: String
    @Option(help: "Why, for the record.") var reason: String?

    func run() async throws {
        try await change.submit("released from '\(name)'") { runtime, id throws(RuntimeError) in
            try await runtime.release(id, from: name, reason: reason)
        }
    }
}
