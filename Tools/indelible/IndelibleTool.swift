import ArgumentParser
import Foundation

@main struct IndelibleTool: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "indelible",
        abstract: "Looks into an Indelible log, completes callbacks, and measures.",
        discussion: """
            Every command takes --data DIR, the directory of one log. Those that only read need no lock: they work while \
            a program has the log open. With --json, standard output is data, one JSON object a line; what is meant for \
            people goes to standard error.

              indelible log verify --data payments.log
              indelible execution list --data payments.log --status running
              indelible execution history --data payments.log payment/order-000017
              indelible bench steps --executions 1000 --steps 20 --json

            Exit codes: 0 done; 1 the answer is no (damage found, no such execution); 2 usage; 3 could not (I/O, a log \
            in use).
            """,
        subcommands: [LogCommand.self, ExecutionCommand.self, CallbackCommandGroup.self, BenchCommand.self])

    /// ArgumentParser's own `main` ends with its exit codes; the tool has its own.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as ToolFailure {
            Talk.say(failure.message)
            Foundation.exit(failure.code.rawValue)
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code == .success {
                print(message)
                Foundation.exit(0)
            }
            // What is neither help nor usage is a failure that nobody named: it could not be done.
            let isUsage = code == .validationFailure
            Talk.raw(isUsage ? message : "indelible: \(error)")
            Foundation.exit(isUsage ? 2 : ToolFailure.Code.couldNot.rawValue)
        }
    }
}
