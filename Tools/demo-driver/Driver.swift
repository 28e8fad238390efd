import ArgumentParser
import Foundation

@main struct Driver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-driver",
        abstract: "Runs the payments demo: starts the gateway and the worker, kills the worker, checks the ledger.",
        subcommands: [Run.self, Orders.self], defaultSubcommand: Run.self)

    /// ArgumentParser's own `main` ends with 64 where a shell's tools say 2.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            FileHandle.standardError.write(Data((fullMessage(for: error) + "\n").utf8))
            Foundation.exit(2)
        }
    }
}
