import ExecutionEngine
import ExecutionModel
import Synchronization

/// What plugins see of operations.
extension HandlerRun {
    /// Runs `body`, and tells of the operation's start and of its end.
    ///
    /// - Parameter isOpen: Whether the operation goes on after `body` has returned.
    nonisolated(nonsending) func observed<Result>(
        _ identity: OperationIdentity, isOpen: Bool = false,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard !environment.plugins.isEmpty else { return try await body() }
        let (hadEnded, isReplayed) = observeStart(of: identity)
        do {
            let result = try await body()
            if !isOpen { observeEnd(of: identity, hadEnded: hadEnded, isReplayed: isReplayed) }
            return result
        } catch {
            if !isOpen, !(error is Suspension), !isSuspending {
                observeEnd(of: identity, hadEnded: hadEnded, isReplayed: isReplayed, error: error)
            }
            throw error
        }
    }

    /// Tells of an operation's start, unless it has ended.
    //
    // Not inlined, as little that handles rows here: what an asynchronous function inlines is part of its frame, which every
    // branch that waits holds on to.
    @inline(never)
    private func observeStart(of identity: OperationIdentity) -> (hadEnded: Bool, isReplayed: Bool) {
        let row = row(identity.id)
        let hadEnded = row?.status.isTerminal ?? false
        if !hadEnded {
            instruments.operationStarted(
                ObservedOperation(identity, status: row?.status ?? .started, row: row, isReplayed: row != nil))
        }
        return (hadEnded, row != nil)
    }

    /// Tells of an operation's end, unless an earlier invocation has seen it, or this run has told of it.
    @inline(never)
    func observeEnd(of identity: OperationIdentity, hadEnded: Bool, isReplayed: Bool, error: (any Error)? = nil) {
        guard !environment.plugins.isEmpty else { return }
        let row = row(identity.id)
        let instruments = instruments
        if hadEnded, !(row?.isReplayedInside ?? false),
            !instruments.invocation.updatedOperationIDs.contains(identity.id.rawValue)
        {
            return
        }
        guard state.withLock({ $0.observedEnds.insert(identity.id).inserted }) else { return }
        let recorded = row.flatMap { $0.status.isTerminal ? $0 : nil }
        instruments.operationEnded(
            ObservedOperation(
                identity, status: recorded?.status ?? (error == nil ? .succeeded : .failed), row: recorded,
                error: (error as? any OperationFailure)?.cause, isReplayed: isReplayed))
    }

    /// Runs user code of an operation under the eyes of plugins.
    nonisolated(nonsending) func observedBody<Result>(
        of identity: OperationIdentity, attempt: Int = 1, isReplayed: Bool,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard !environment.plugins.isEmpty else { return try await body() }
        return try await tellingOfBody(of: identity, attempt, isReplayed, body)
    }

    @inline(never)
    private nonisolated(nonsending) func tellingOfBody<Result>(
        of identity: OperationIdentity, _ attempt: Int, _ isReplayed: Bool,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        let operation = ObservedOperation(
            identity, status: .started, row: row(identity.id), isReplayed: isReplayed)
        return try await instruments.observing(
            ObservedBody(operation: operation, attempt: attempt), isIncomplete: { $0 is Suspension }, body)
    }
}

extension Operation {
    /// Whether it is a context that has ended and whose body runs again on each replay.
    var isReplayedInside: Bool {
        if case .context(replayChildren: true) = details { true } else { false }
    }
}
