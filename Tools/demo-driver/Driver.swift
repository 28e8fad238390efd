import ArgumentParser

@main struct Driver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-driver",
        abstract: "Runs the payments demo: starts the gateway and the worker, kills the worker, checks the ledger.",
        subcommands: [Run.self, Orders.self], defaultSubcommand: Run.self)
}
