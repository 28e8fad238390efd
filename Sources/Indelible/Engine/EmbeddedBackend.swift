import EngineRuntime
import ExecutionEngine
import ExecutionModel
import LogStorage

/// One invocation's operations, recorded by the engine in this process.
final class EmbeddedBackend: DurableBackend {
    private let runtime: EngineRuntime
    private let session: CheckpointSession
    private let news: InvocationNews

    init(_ invocation: Invocation) {
        runtime = invocation.runtime
        session = CheckpointSession(invocation.token)
        news = invocation.news
    }

    nonisolated(nonsending) func checkpoint(
        _ updates: [OperationUpdate], forced: Bool
    ) async throws(BackendError) -> BackendReply {
        let reply: CheckpointReply
        do throws(RuntimeError) {
            reply = try await runtime.checkpoint(session, updates, forced: forced)
        } catch {
            if session.isRevoked, case .refused(.invalidCheckpointToken) = error { throw .paused }
            throw BackendError(error)
        }
        // The execution's own time was up: it has ended with this checkpoint, and has no rows to go on from.
        if reply.token == nil, !reply.isRevoked { throw .invocationOver }
        return BackendReply(order: reply.order, operations: reply.operations)
    }

    nonisolated(nonsending) func load(_ payload: Payload) async throws(BackendError) -> [UInt8] {
        do throws(RuntimeError) {
            return try await runtime.resolve(payload, of: session.execution)
        } catch {
            // Nothing of the operation's outcome is known to be wrong: another try may read it, or says so again.
            throw .unavailable(ErrorObject(message: "\(error)", type: EngineRuntime.payloadUnreadableType))
        }
    }

    func listen(_ listener: InvocationNews.Listener?) {
        news.listen(listener)
    }
}

extension BackendError {
    init(_ error: RuntimeError) {
        switch error {
        case .refused(let refusal) where refusal == .invalidCheckpointToken:
            self = .invocationOver
        case .refused(let refusal):
            self = .refused(ErrorObject(message: refusal.message, type: refusal.code.rawValue))
        case .log(.appendTooLarge):
            self = .refused(ErrorObject(message: "\(error)", type: "PayloadTooLarge"))
        case .log(.noRoom):
            self = .unavailable(ErrorObject(message: "\(error)", type: "NoRoom"))
        case .log, .unreadableEvent, .impossibleRecord, .payloadMissing, .index, .unreadableFile, .unreadableSnapshot,
            .unreadableExecution, .unknownFunction, .unknownExecution, .closed,
            .cancelled:
            // The engine has stopped, or does not know the invocation: what it says no longer counts.
            self = .invocationOver
        }
    }
}
