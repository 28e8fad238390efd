import ExecutionModel

/// Where one invocation's operations are recorded: in process, or over HTTP.
///
/// It belongs to one invocation and keeps that invocation's checkpoint token to itself. Calls are made one after the
/// other.
package protocol DurableBackend: Sendable {
    /// Records `updates`, all or none, and returns the operations that changed since the last call, those just
    /// recorded included. Their payloads are inline.
    ///
    /// - Parameter forced: Whether to return only once the updates are durable. Otherwise they survive what comes after
    ///   them or nothing: fit for facts that nobody relies on yet.
    nonisolated(nonsending) func checkpoint(
        _ updates: [OperationUpdate], forced: Bool
    ) async throws(BackendError) -> [Operation]
}

/// Why a checkpoint recorded nothing.
package enum BackendError: Error, Equatable {
    /// The invocation is over for the engine: its token is spent, its execution has ended, or the engine is closing.
    case invocationOver
    /// The updates break a rule or a limit; the same updates will be refused again.
    case refused(ErrorObject)
    /// They could not be recorded now, through no fault of theirs.
    case unavailable(ErrorObject)
}
