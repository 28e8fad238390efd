import EngineRuntime
import ExecutionModel
import Logging
import Synchronization

/// How strands wait, and what happens when none can go on.
extension HandlerRun {
    /// Waits until the operation is not awaited any more, or there is something else for the strand to look at.
    ///
    /// - Parameter knowsOfCancel: Whether the strand has seen that the execution is to end; otherwise that wakes it too.
    /// - Throws: ``Suspension`` when the invocation is over for the strand.
    nonisolated(nonsending) func awaitChange(
        of id: OperationID, on strand: Strand, knowsOfCancel: Bool
    ) async throws {
        try await wait(on: strand) { state, continuation in
            // Another strand may have been told since this one looked.
            guard knowsOfCancel || state.cancelRequest == nil else { return nil }
            return state.isAwaited(id) ? .row(id, continuation) : nil
        }
    }

    /// Waits until a branch of the mailbox has ended, or one has already.
    nonisolated(nonsending) func awaitBranch(of mailbox: Mailbox, on strand: Strand) async throws {
        try await wait(on: strand) { _, continuation in
            mailbox.hasEnded ? nil : .branch(continuation)
        }
    }

    private nonisolated(nonsending) func wait(
        on strand: Strand, _ awaited: (State, UnsafeContinuation<Waking, Never>) -> Strand.Awaited?
    ) async throws {
        let waking: Waking = await withUnsafeContinuation { continuation in
            change { state, consequences in
                if state.isCancelled { Self.end(.abandoned, &state, &consequences) }
                guard !state.isOver(for: strand) else {
                    return consequences.wakings.append((continuation, .over))
                }
                guard let awaited = awaited(state, continuation) else {
                    return consequences.wakings.append((continuation, .changed))
                }
                state.waiting.insert(strand, for: awaited)
                strand.isActive = false
                state.activeCount -= 1
                self.refreshOrRest(&state, &consequences)
            }
        }
        if case .over = waking { throw Suspension() }
    }

    /// Called when a strand begins to wait or has ended.
    func refreshOrRest(_ state: inout State, _ consequences: inout Consequences) {
        guard state.driver != nil, state.ending == nil else { return }
        // Who does not wait is told by its next checkpoint; the body of a step may ask before whether it is to end.
        if state.hasNews, !state.isRefreshing, !state.waiting.isEmpty || state.hasCancelNews {
            state.hasNews = false
            state.hasCancelNews = false
            state.isRefreshing = true
            state.activeCount += 1
            consequences.refreshes = true
        }
        rest(&state, &consequences)
    }

    /// When no strand can go on, the invocation is suspended: the run is parked, or unwound.
    func rest(_ state: inout State, _ consequences: inout Consequences) {
        guard state.activeCount == 0, state.ending == nil, let driver = state.driver else { return }
        if parking != nil {
            state.driver = nil
            if state.instruments != nil { state.watch.suspendBodies() }
            consequences.parks = true
            consequences.outcome = (driver, .suspended)
        } else {
            Self.end(.suspended, &state, &consequences)
        }
    }

    // MARK: News

    /// Called when something has changed that no reply has told.
    func note(_ news: InvocationNews.Kind) {
        change { state, consequences in
            state.hasNews = true
            if news == .cancelRequested, state.cancelRequest == nil { state.hasCancelNews = true }
            refreshOrRest(&state, &consequences)
        }
    }

    /// Asks the backend what has changed, while strands wait for it and others may still run.
    func refresh() {
        let backend = state.withLock { $0.input.backend }
        _ = environment.start { [self] in
            var reply = BackendReply(order: 0, operations: [])
            var failure: BackendError?
            do throws(BackendError) { reply = try await backend.checkpoint([], forced: false) } catch {
                failure = error
            }
            // Before the run goes on, or rests: then its observers are others.
            observe { $0.operationsChanged(reply.operations) }
            change { state, consequences in
                state.isRefreshing = false
                state.activeCount -= 1
                switch failure {
                case .invocationOver: Self.end(.abandoned, &state, &consequences)
                case .paused: Self.end(.suspended, &state, &consequences)
                // Whatever has changed, the engine knows that the handler has not seen it.
                case .refused, .unavailable, nil: break
                }
                state.merge(reply.operations, order: reply.order, &consequences)
                if state.instruments != nil { state.watch.note(reply.operations) }
                refreshOrRest(&state, &consequences)
            }
        }
    }

    // MARK: The end

    /// Poisons the run, unless it is poisoned already, and returns what to throw.
    @discardableResult
    func end(_ ending: InvocationEnding) -> Suspension {
        change { state, consequences in Self.end(ending, &state, &consequences) }
        return Suspension()
    }

    static func end(_ ending: InvocationEnding, _ state: inout State, _ consequences: inout Consequences) {
        guard state.ending == nil else { return }
        state.ending = ending
        for strand in state.waiting.inOrder { state.wake(strand, .over, &consequences) }
    }

    /// Settles the invocation and never returns: the strand's task stays where it is, without a thread, until the process
    /// ends.
    nonisolated(nonsending) func parkForGood(_ strand: Strand) async {
        environment.logger.error(
            """
            a handler went on after its suspension: it made more than \(Self.poisonedCallsMax) durable calls that threw. \
            It is parked for good; let errors of durable calls pass, or leave the loop when context.isSuspending
            """, metadata: ["function": "\(execution.function)", "execution": "\(execution.name)"])
        if !state.withLock({ _ in strand.isOrphaned }) { settle(.suspended) }
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}
