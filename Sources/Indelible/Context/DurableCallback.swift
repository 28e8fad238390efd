import ExecutionModel
import Synchronization

/// A callback that is open, and its result once somebody has completed it. Belongs to its context, as which it is not
/// `Sendable`.
public struct DurableCallback<Result: Codable> {
    /// What completes the callback.
    public let id: CallbackID
    private let context: DurableContext
    private let identity: OperationIdentity
    private let serdes: any Serdes

    init(_ id: CallbackID, context: DurableContext, identity: OperationIdentity, serdes: any Serdes) {
        self.id = id
        self.context = context
        self.identity = identity
        self.serdes = serdes
    }

    /// Lets the execution rest until the callback is completed, and returns what it was completed with.
    ///
    /// Records nothing itself. It may be asked again, later, and gives the same answer.
    ///
    /// - Throws: ``CallbackError`` when it failed or timed out; ``SerdesError`` when it was completed with something
    ///   else than a `Result`; ``ContextError``; ``ExecutionCancelledError``.
    public nonisolated(nonsending) func result() async throws -> Result {
        let result = try await context.completed(identity).result
        return try await context.decoded(
            from: try await context.run.bytes(of: result, on: context.strand), of: identity.id, serdes,
            as: "the result of callback \(identity)")
    }
}

extension DurableContext {
    /// The row of a callback that has succeeded. Suspends the execution while it is open.
    nonisolated(nonsending) func completed(_ callback: OperationIdentity) async throws -> Operation {
        try await use("The result of callback \(callback)")
        if run.isCancelRequested.load(ordering: .acquiring) { try await rethrowCancel(of: callback) }
        let row = try await settled(callback)
        guard row.status == .succeeded else {
            let cause = RecordedError(outside: RecordedError(row.error))
            let error = CallbackError(code: .init(recordedType: cause.type), callback: callback.name, cause: cause)
            run.observeEnd(of: callback, error: error)
            throw error
        }
        run.observeEnd(of: callback)
        return row
    }
}

extension CallbackError.Code {
    static let timedOutType = "Callback.Timeout"
    static let heartbeatTimedOutType = "Callback.Heartbeat"
    static let submitterFailedType = "Callback.Submitter"

    init(recordedType: String) {
        switch recordedType {
        case Self.timedOutType: self = .timedOut
        case Self.heartbeatTimedOutType: self = .heartbeatTimedOut
        case Self.submitterFailedType: self = .submitterFailed
        default: self = .failed
        }
    }
}
