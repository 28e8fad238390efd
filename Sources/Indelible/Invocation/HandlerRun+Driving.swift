import ExecutionModel
import Logging
import Synchronization

/// How the engine's invocations drive a run.
extension HandlerRun {
    /// Runs `handler` in a task of its own and returns what the invocation came to: when the handler ends, when the run is
    /// suspended, or when the handler is parked for good.
    func begin(_ handler: @escaping @Sendable () async -> HandlerOutcome) async -> HandlerOutcome {
        await drive {
            let task = environment.start {
                let outcome = await handler()
                await self.reach(.beforeEnd)
                self.settle(outcome)
            }
            let isCancelled = state.withLock { state in
                state.task = task
                return state.isCancelled
            }
            if isCancelled { task.cancel() }
        }
    }

    /// Goes on with a parked run, in a new invocation whose operations are what changed since.
    func resume(_ input: HandlerInput) async -> HandlerOutcome {
        let operations = input.operations
        let updated = environment.plugins.isEmpty ? [] : input.updatedRows
        let payload = row(OperationID(execution.id.description))?.inputBytes
        let instruments = Instruments(input, isFirst: false, payload: payload)
        var input = input
        input.operations = []
        let current = input
        state.withLock { state in
            if instruments != nil { state.watch.note(updated) }
            state.input = current
            state.instruments = instruments
            state.isCancelled = false
            state.hasNews = false
            state.hasCancelNews = false
        }
        await instruments?.invocationStarted()
        observeResumption(operations)
        return await drive {
            change { state, consequences in
                state.merge(operations, order: input.order, &consequences)
                rest(&state, &consequences)
            }
        }
    }

    /// Gives up a parked run: its handler is unwound as if it had never been kept.
    func unwind() {
        end(.suspended)
    }

    private func drive(_ start: () -> Void) async -> HandlerOutcome {
        let backend = state.withLock { $0.input.backend }
        let outcome: HandlerOutcome = await withTaskCancellationHandler {
            await withUnsafeContinuation { driver in
                let settled = state.withLock { state in
                    if state.settled == nil { state.driver = driver }
                    return state.settled
                }
                // Taken back before it could begin.
                if let settled { return driver.resume(returning: settled) }
                // Strongly, and only for as long as the invocation lasts: an object that anything refers to weakly is slow
                // to retain ever after.
                backend.listen { self.note($0) }
                start()
            }
        } onCancel: {
            cancel()
        }
        backend.listen(nil)
        let concluded = concluded(outcome)
        await observeEnd(as: concluded)
        return concluded
    }

    /// What the engine hears: a handler that has parted from its history is held, or fails, as its function says.
    private func concluded(_ outcome: HandlerOutcome) -> HandlerOutcome {
        guard case .diverged(let divergence) = outcome else { return outcome }
        let mismatch = ReplayError(report(on: divergence))
        environment.logger.error(
            "\(mismatch.message)", metadata: ["execution": "\(execution.name)", "execution-arn": "\(execution.arn)"])
        switch function.options.onMismatch {
        case .hold: return outcome
        case .fail: return .failed(RecordedError(mismatch).object)
        }
    }

    /// Called when the engine cancels the task that waits for the outcome.
    private func cancel() {
        change { state, consequences in
            state.isCancelled = true
            if let task = state.task { consequences.cancelled.append(task) }
            cancelBranches(of: root, &consequences)
            // What waits would never be told; what runs may still come to a result.
            if !state.waiting.isEmpty { Self.end(.abandoned, &state, &consequences) }
        }
        // It may just have been parked.
        if isOver { parking?.remove(self) }
    }

    private func cancelBranches(of strand: Strand, _ consequences: inout Consequences) {
        for child in strand.children {
            if let task = child.task { consequences.cancelled.append(task) }
            cancelBranches(of: child, &consequences)
        }
    }

    /// Ends the driver's wait, once. What the handler came to counts only when nothing ended the invocation before.
    func settle(_ outcome: HandlerOutcome) {
        change { state, consequences in
            let settled = Self.outcome(of: state, handler: outcome)
            // From here on nothing of it counts.
            Self.end(.suspended, &state, &consequences)
            state.task = nil
            guard let driver = state.driver else { return state.settled = settled }
            state.driver = nil
            consequences.outcome = (driver, settled)
        }
    }

    private static func outcome(of state: State, handler outcome: HandlerOutcome) -> HandlerOutcome {
        switch state.ending {
        case .suspended: return .suspended
        case .abandoned: return .abandoned
        case .diverged(let divergence): return .diverged(divergence)
        case .refused(let error): return .failed(error)
        case .failed(let error): return .crashed(error)
        case nil:
            // A cancelled handler that fails says nothing about its execution; one that succeeds has succeeded.
            if state.isCancelled, case .failed = outcome { return .abandoned }
            return outcome
        }
    }
}
