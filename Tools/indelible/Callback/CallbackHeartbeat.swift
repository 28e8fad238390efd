import ArgumentParser
import ExecutionEngine

struct CallbackHeartbeat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heartbeat",
        abstract: "Tells that the work behind a callback goes on: its heartbeat timeout begins anew.",
        discussion: "indelible callback heartbeat --data payments.log y4Xc0…")

    @OptionGroup var options: CallbackOptions

    func run() async throws {
        try await options.submit(.heartbeat, done: "heartbeat accepted")
    }
}
