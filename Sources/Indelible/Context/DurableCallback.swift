import ExecutionModel

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
    ///   else than a `Result`; ``ContextError``.
    public nonisolated(nonsending) func result() async throws -> Result {
        let row = try await context.completed(identity)
        return try serdes.decoded(Result.self, from: row.resultBytes, as: "the result of callback \(identity)")
    }
}

extension DurableContext {
    /// The row of a callback that has succeeded. Suspends the execution while it is open.
    nonisolated(nonsending) func completed(_ callback: OperationIdentity) async throws -> Operation {
        try await use("The result of callback \(callback)")
        guard let row = invocation.row(callback.id) else {
            preconditionFailure("callback \(callback) has no row: its creation records one")
        }
        switch row.status {
        case .succeeded:
            return row
        case .failed, .timedOut, .cancelled, .stopped:
            let cause = RecordedError(row.error)
            throw CallbackError(code: .init(recordedType: cause.type), callback: callback.name, cause: cause)
        case .started, .pending, .ready:
            throw invocation.end(.suspended)
        }
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
