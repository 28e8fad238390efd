import ArgumentParser
import ChildProcesses
import DemoPayments
import DemoTransport
import Foundation
import NIOCore
import NIOPosix

/// A payment gateway in small: a process of its own with a ledger of its own, so that what it did outlives its callers.
@main struct Gateway: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo-gateway",
        abstract: "A flaky payment gateway on loopback: one JSON object a line, idempotency keys, a synced ledger.",
        discussion: """
            It chooses a free port and writes its number to DIR/gateway.port. It ends on SIGTERM, or when its standard \
            input ends (so that it never outlives the driver), and writes its counters to DIR/gateway-counts.json.
            """)

    @Option(help: "Where the ledger and the port file live.") var data: String
    @Option(help: "What the faults are drawn from.") var seed: UInt64 = 1
    @Option(help: "Calls in a hundred that fail before, and as many that fail after the effect.") var faults = 6
    @Option(help: "Milliseconds a call takes.") var latency = 20

    func validate() throws {
        guard (0...50).contains(faults) else { throw ValidationError("--faults is 0 to 50") }
        guard (0...10_000).contains(latency) else { throw ValidationError("--latency is 0 to 10000") }
    }

    func run() async throws {
        let files = DemoFiles(data)
        let ledger = try Ledger(path: files.ledger)
        let service = GatewayService(
            ledger: ledger, faults: Faults(seed: seed, percent: faults), latency: .milliseconds(latency))
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        ByteToMessageHandler(LineDecoder<GatewayRequest>()),
                        MessageToByteHandler(LineEncoder<GatewayReply>()))
                    return try NIOAsyncChannel<GatewayRequest, GatewayReply>(wrappingChannelSynchronously: channel)
                }
            }
        guard let port = server.channel.localAddress?.port else { Talk.fatal("the socket has no port") }
        // Written aside and renamed, so that a reader finds the whole number or no file.
        try "\(port)\n".write(toFile: files.gatewayPort, atomically: true, encoding: .utf8)

        await withTaskGroup { group in
            group.addTask { await accept(server, service) }
            group.addTask { await StopSignal.wait() }
            await group.next()
            group.cancelAll()
        }
        let counts = try JSONEncoder().encode(await service.counts)
        try counts.write(to: URL(fileURLWithPath: files.gatewayCounts), options: .atomic)
    }

    private func accept(
        _ server: NIOAsyncChannel<NIOAsyncChannel<GatewayRequest, GatewayReply>, Never>, _ service: GatewayService
    ) async {
        do {
            try await server.executeThenClose { connections in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await connection in connections {
                        group.addTask { await serve(connection, service) }
                    }
                }
            }
        } catch {
            if !Task.isCancelled { Talk.fatal("cannot accept: \(error)") }
        }
    }

    /// One connection: requests are worked on side by side, replies go out as they come.
    private func serve(
        _ connection: NIOAsyncChannel<GatewayRequest, GatewayReply>, _ service: GatewayService
    ) async {
        do {
            try await connection.executeThenClose { requests, replies in
                try await withThrowingDiscardingTaskGroup { group in
                    for try await request in requests {
                        group.addTask { try await replies.write(await service.reply(to: request)) }
                    }
                    // The caller is gone (or was killed): what it asked for and has not happened will not happen.
                    group.cancelAll()
                }
            }
        } catch {
            // A caller that dies is nothing special: what it asked for is in the ledger, or will be asked for again.
        }
    }
}
