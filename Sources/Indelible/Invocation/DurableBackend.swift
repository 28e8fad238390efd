import EngineRuntime
import ExecutionModel

/// Where one invocation's operations are recorded: in process, or over HTTP.
///
/// It belongs to one invocation and keeps that invocation's checkpoint token to itself. Calls may be made at once; those
/// that one caller makes one after the other are recorded in that order.
package protocol DurableBackend: AnyObject, Sendable {
    /// Records `updates`, all or none, and returns the operations that changed since the last reply, those just
    /// recorded included. Their results may be stored; the execution's input is not. No updates: only asks what has changed.
    ///
    /// - Parameter forced: Whether to return only once the updates are durable. Otherwise they survive what comes after
    ///   them or nothing: fit for facts that nobody relies on yet.
    nonisolated(nonsending) func checkpoint(
        _ updates: [OperationUpdate], forced: Bool
    ) async throws(BackendError) -> BackendReply

    /// The bytes of a row's result that the row does not hold itself.
    nonisolated(nonsending) func load(_ payload: Payload) async throws(BackendError) -> [UInt8]

    /// Calls `listener` whenever something has changed that no reply has told yet. It may come from any thread, and must
    /// do no more than note it. Nil: nobody is to be told any more.
    func listen(_ listener: InvocationNews.Listener?)
}

/// What changed, and which of two replies is the newer one.
package struct BackendReply: Sendable {
    /// Greater in every later reply, over all invocations of an execution.
    package var order: UInt64
    package var operations: [Operation]

    package init(order: UInt64, operations: [Operation]) {
        self.order = order
        self.operations = operations
    }
}

/// Why a checkpoint recorded nothing.
package enum BackendError: Error, Equatable {
    /// The invocation is over for the engine: its token is spent, its execution has ended, or the engine is closing.
    case invocationOver
    /// The execution has been paused: what was recorded before stands, and the handler goes on when it is resumed.
    case paused
    /// The updates break a rule or a limit; the same updates will be refused again.
    case refused(ErrorObject)
    /// They could not be recorded now, through no fault of theirs.
    case unavailable(ErrorObject)
}
