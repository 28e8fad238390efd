import ExecutionModel
import Synchronization

/// What plugins see of operations.
extension HandlerRun {
    /// Tells whoever observes the current invocation, if anybody does.
    func observe(_ tell: (Instruments) -> Void) {
        if let instruments { tell(instruments) }
    }

    /// Runs `body`, and tells of the operation's start and of its end.
    ///
    /// - Parameters:
    ///   - isOpen: Whether the operation goes on after `body` has returned.
    ///   - isRecorded: Whether the history has a record of the operation.
    @inline(__always)
    nonisolated(nonsending) func observed<Result>(
        _ identity: OperationIdentity, isOpen: Bool = false, isRecorded: Bool = true,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard !environment.plugins.isEmpty else { return try await body() }
        return try await telling(of: identity, isOpen, isRecorded, body)
    }

    @inline(never)
    private nonisolated(nonsending) func telling<Result>(
        of identity: OperationIdentity, _ isOpen: Bool, _ isRecorded: Bool,
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        observeStart(of: identity, isRecorded: isRecorded)
        do {
            let result = try await body()
            if !isOpen { observeEnd(of: identity) }
            return result
        } catch {
            if error is Suspension || isSuspending {
                state.withLock { $0.watch.forget(identity) }
            } else if !isOpen {
                observeEnd(of: identity, error: error)
            }
            throw error
        }
    }

    /// Tells of an operation's start, unless it has ended.
    //
    // Not inlined, as little that handles rows here: what an asynchronous function inlines is part of its frame, which every
    // branch that waits holds on to.
    @inline(never)
    private func observeStart(of identity: OperationIdentity, isRecorded: Bool) {
        let started = state.withLock { state in
            state.watch.begin(identity, isRecorded: isRecorded, row: state.rows[identity.id]?.operation)
        }
        if let started { observe { $0.operationStarted(started) } }
    }

    /// Tells of an operation's end, unless somebody has been told of it.
    @inline(never)
    func observeEnd(of identity: OperationIdentity, error: (any Error)? = nil) {
        guard !environment.plugins.isEmpty else { return }
        let ended = state.withLock { state in
            state.watch.end(identity, row: state.rows[identity.id]?.operation, error: error)
        }
        if let ended { observe { $0.operationEnded(ended) } }
    }

    /// Runs user code of an operation under the eyes of plugins.
    @inline(__always)
    nonisolated(nonsending) func observedBody<Result>(
        of identity: OperationIdentity, attempt: Int = 1, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard !environment.plugins.isEmpty else { return try await body() }
        return try await tellingOfBody(of: identity, attempt, body)
    }

    @inline(never)
    private nonisolated(nonsending) func tellingOfBody<Result>(
        of identity: OperationIdentity, _ attempt: Int, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard let instruments,
            let observed = state.withLock({ $0.watch.beginBody(of: identity.id, attempt: attempt) })
        else { return try await body() }
        instruments.bodyStarted(observed)
        do {
            let result = try await instruments.surrounding(observed, body)
            observeBodyEnd(of: identity, nil)
            return result
        } catch {
            observeBodyEnd(of: identity, error)
            throw error
        }
    }

    private func observeBodyEnd(of identity: OperationIdentity, _ error: (any Error)?) {
        guard let body = state.withLock({ $0.watch.endBody(of: identity.id) }) else { return }
        observe { instruments in
            if isSuspending || error is Suspension {
                instruments.bodyEnded(body, as: .incomplete)
            } else if let error {
                instruments.bodyEnded(body, as: .failed, error: RecordedError(error))
            } else {
                instruments.bodyEnded(body, as: .succeeded)
            }
        }
    }

    /// Tells what is left to tell of an invocation, and of its end.
    func observeEnd(as outcome: HandlerOutcome) async {
        guard let instruments else { return }
        let (bodies, operations) = state.withLock { state in
            (state.watch.takeSuspended(), state.watch.takeUntold())
        }
        for body in bodies { instruments.bodyEnded(body, as: .incomplete) }
        for operation in operations { instruments.operationEnded(operation) }
        await instruments.invocationEnded(outcome)
    }

    /// Tells what a parked run goes on with, given the rows that changed meanwhile.
    func observeResumption(_ news: [Operation]) {
        guard let instruments else { return }
        let resumed = state.withLock { state in
            state.watch.resume { id in (news.row(of: id) ?? state.rows[id]?.operation)?.status }
        }
        for (operation, body) in resumed {
            instruments.operationStarted(operation)
            if let body { instruments.bodyStarted(body) }
        }
    }
}
