import EngineRuntime
import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

/// One invocation's operations, recorded by the engine in this process.
final class EmbeddedBackend: DurableBackend {
    private let runtime: EngineRuntime
    /// Nil once the engine has ended the execution.
    private let token: Mutex<CheckpointToken?>

    init(_ invocation: Invocation) {
        runtime = invocation.runtime
        token = Mutex(invocation.token)
    }

    nonisolated(nonsending) func checkpoint(
        _ updates: [OperationUpdate], forced: Bool
    ) async throws(BackendError) -> [ExecutionModel.Operation] {
        guard let spent = token.withLock({ $0 }) else { throw .invocationOver }
        do throws(RuntimeError) {
            let reply = try await runtime.checkpoint(spent, updates, forced: forced)
            token.withLock { $0 = reply.token }
            return reply.operations
        } catch {
            throw BackendError(error)
        }
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
        case .log, .unreadableEvent, .impossibleRecord, .unknownFunction, .unknownExecution, .closed, .cancelled:
            // The engine has stopped, or does not know the invocation: what it says no longer counts.
            self = .invocationOver
        }
    }
}
