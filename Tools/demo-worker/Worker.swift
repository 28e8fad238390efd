import ArgumentParser
import ChildProcesses
import DemoPayments
import DemoWorkflow
import Foundation
import Indelible

/// Processes orders as durable payments until all have ended. It may be killed at any moment and started again: it goes on
/// where the log says it was.
@main struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-worker",
        abstract: "Opens the log in DIR/log, runs a payment for each order, and ends when every payment has.",
        discussion: """
            Its standard output says where it stands, one JSON object a line. It closes the log and ends with code 143 \
            on SIGTERM, or when its standard input ends.
            """)

    @Option(help: "The demo's data directory, with the running gateway's port in it.") var data: String
    @Option(help: "The orders, one JSON object a line.") var orders: String

    func run() async throws {
        let files = DemoFiles(data)
        let orders = try OrderFile.read(orders)
        let desk = try Desk(files)
        let payment = Payment(gateway: try GatewayClient(portFile: files.gatewayPort), desk: desk).function
        let engine = try await DurableEngine.open(at: files.log, functions: [payment])
        let standing = Standing(recovered: try await engine.executions(of: "payment", status: .running).count)

        let isDone = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await process(orders, payment, engine, standing)
                return true
            }
            group.addTask {
                await StopSignal.wait()
                return false
            }
            // These end by an error alone.
            group.addTask { try await desk.passDecisions(to: engine) }
            group.addTask { try await standing.report() }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
        try await engine.close(grace: .seconds(1))
        if !isDone { throw ExitCode(143) }
        try standing.write()
    }

    /// Starts every order's payment, or finds the one that was started before: the order's id is the execution's name.
    private func process(
        _ orders: [Order], _ payment: DurableFunction<Order, PaymentResult>, _ engine: DurableEngine,
        _ standing: Standing
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for order in orders {
                group.addTask {
                    let execution = try await engine.start(payment, input: order, name: order.id)
                    _ = try await execution.result()
                    standing.noteEnd()
                }
            }
            try await group.waitForAll()
        }
    }
}
