import ArgumentParser
import ExecutionEngine

struct CallbackSucceed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "succeed",
        abstract: "Completes a callback with a result.",
        discussion: #"indelible callback succeed --data payments.log --result '{"granted":true}' y4Xc0…"#)

    @OptionGroup var options: CallbackOptions
    @Option(help: "The result: JSON, for a handler that uses the default serdes. Left out: none.")
    var result: String?

    func run() async throws {
        try await options.submit(.succeed(result.map { Array($0.utf8) }), done: "succeeded")
    }
}
