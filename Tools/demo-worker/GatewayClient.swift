import DemoPayments
import DemoTransport
import DemoWorkflow
import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// One connection to the gateway, made anew when it breaks.
final class GatewayClient: PaymentGateway {
    private let port: Int
    private let lastID = Atomic<UInt64>(0)
    private let connection = Mutex<EventLoopFuture<any Channel>?>(nil)

    /// - Parameter portFile: Where the gateway wrote its port.
    init(portFile: String) throws {
        let text = try String(contentsOfFile: portFile, encoding: .utf8)
        guard let port = Int(text.split(separator: "\n").first ?? "") else {
            throw GatewayUnavailable(description: "\(portFile) holds no port: is the gateway running?")
        }
        self.port = port
    }

    func call(_ operation: GatewayOperation, _ order: Order, idempotencyKey: String) async throws -> String {
        let request = GatewayRequest(
            id: lastID.add(1, ordering: .relaxed).newValue, operation: operation, order: order.id,
            idempotencyKey: idempotencyKey, amount: order.amount, currency: order.currency,
            cardToken: order.cardToken)
        let reply: GatewayReply
        do {
            let channel = try await connected().get()
            let promise = channel.eventLoop.makePromise(of: GatewayReply.self)
            channel.writeAndFlush(GatewayCall(request: request, reply: promise), promise: nil)
            reply = try await promise.futureResult.get()
        } catch {
            throw GatewayUnavailable(description: "no connection: \(error)")
        }
        switch reply.answer {
        case .approved: return reply.text
        case .refused: throw GatewayRefusal(description: reply.text)
        case .unavailable: throw GatewayUnavailable(description: reply.text)
        }
    }

    private func connected() -> EventLoopFuture<any Channel> {
        connection.withLock { connection in
            if let connection { return connection }
            let new = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandlers(
                            ByteToMessageHandler(LineDecoder<GatewayReply>()),
                            MessageToByteHandler(LineEncoder<GatewayRequest>()), ReplyRouter())
                    }
                }
                .connect(host: "127.0.0.1", port: port)
            new.whenFailure { [self] _ in forget(new) }
            new.whenSuccess { [self] channel in channel.closeFuture.whenComplete { [self] _ in forget(new) } }
            connection = new
            return new
        }
    }

    private func forget(_ old: EventLoopFuture<any Channel>) {
        connection.withLock { connection in
            if connection === old { connection = nil }
        }
    }
}

struct GatewayCall: Sendable {
    var request: GatewayRequest
    var reply: EventLoopPromise<GatewayReply>
}

/// Gives each reply to the call that waits for it. Lives on one event loop.
private final class ReplyRouter: ChannelDuplexHandler {
    typealias InboundIn = GatewayReply
    typealias OutboundIn = GatewayCall
    typealias OutboundOut = GatewayRequest

    private var waiting: [UInt64: EventLoopPromise<GatewayReply>] = [:]

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let call = unwrapOutboundIn(data)
        guard context.channel.isActive else { return call.reply.fail(ChannelError.ioOnClosedChannel) }
        waiting[call.request.id] = call.reply
        context.write(wrapOutboundOut(call.request), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let reply = unwrapInboundIn(data)
        waiting.removeValue(forKey: reply.id)?.succeed(reply)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        let open = waiting
        waiting = [:]
        for reply in open.values { reply.fail(ChannelError.eof) }
        context.fireChannelInactive()
    }
}
