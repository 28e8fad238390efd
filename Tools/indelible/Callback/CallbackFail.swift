import ArgumentParser
import ExecutionEngine
import ExecutionModel

struct CallbackFail: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fail",
        abstract: "Completes a callback with an error.",
        discussion: "indelible callback fail --data payments.log --type Declined --message 'over the limit' y4Xc0…")

    @OptionGroup var options: CallbackOptions
    @Option(help: "The name of the error's type.") var type: String?
    @Option(help: "What happened.") var message: String?

    func run() async throws {
        try await options.submit(.fail(ErrorObject(message: message, type: type)), done: "failed")
    }
}
