import ExecutionModel

/// The inside of a recorded context: what a branch's own ``DurableContext`` is made from, wherever the branch runs.
struct Branch: Sendable {
    let invocation: HandlerInvocation
    let id: OperationID
    let isReplaying: Bool

    func makeContext() -> DurableContext {
        DurableContext(invocation, in: id, isReplaying: isReplaying)
    }
}

extension DurableContext {
    /// A result above this many bytes is not recorded with its context: the body runs again on replay instead, over its
    /// recorded operations.
    static let contextResultLengthMax = 256 << 10

    /// Runs `body` in a recorded context and records the bytes it returns. On replay, returns them without running it.
    ///
    /// - Parameters:
    ///   - describe: What is recorded of an error that `body` throws.
    ///   - failure: What this throws for a recorded error, on the first run too.
    nonisolated(nonsending) func branch(
        _ subType: String, _ name: String?, describe: (any Error) -> RecordedError,
        failure: (_ name: String?, RecordedError) -> any Error,
        _ body: nonisolated(nonsending) (Branch) async throws -> [UInt8]?
    ) async throws -> [UInt8]? {
        try await operation(.context, subType, name) { identity in
            let row = try invocation.replay(identity)
            let branch = Branch(invocation: invocation, id: identity.id, isReplaying: isReplaying)
            switch row?.status {
            case nil:
                endReplay()
                try await invocation.require(OperationUpdate(identity, .start), forced: false)
            case .started, .pending, .ready:
                break
            case .succeeded:
                guard case .context(replayChildren: true) = row?.details else { return row?.resultBytes }
                return try await body(branch)
            case .failed, .cancelled, .timedOut, .stopped:
                throw failure(identity.name, RecordedError(row?.error))
            }
            do {
                let bytes = try await body(branch)
                try await succeed(identity, bytes)
                return bytes
            } catch {
                throw try await fail(identity, error, describe: describe, failure: failure)
            }
        }
    }

    private nonisolated(nonsending) func succeed(_ identity: OperationIdentity, _ bytes: [UInt8]?) async throws {
        let replaysChildren = (bytes?.count ?? 0) > Self.contextResultLengthMax
        let update = OperationUpdate(
            identity, .succeed, payload: replaysChildren ? [] : bytes,
            options: .context(replayChildren: replaysChildren))
        try await invocation.checkpoint([update], forced: true)
    }

    private nonisolated(nonsending) func fail(
        _ identity: OperationIdentity, _ thrown: any Error, describe: (any Error) -> RecordedError,
        failure: (String?, RecordedError) -> any Error
    ) async throws -> any Error {
        if invocation.isCancelled { return invocation.end(.abandoned) }
        // A suspension, or a mismatch that ends the invocation: nothing about this context.
        if invocation.isSuspending { return thrown }
        let cause = (thrown as? RefusedUpdate).map { RecordedError($0.error) } ?? describe(thrown)
        try await invocation.require(OperationUpdate(identity, .fail, error: cause.object), forced: true)
        return failure(identity.name, cause)
    }
}
