import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Returns when the engine has closed. Throws when its log fails: nothing more is accepted then, and what was asked
    /// and not answered may or may not be recorded.
    package func run() async throws(RuntimeError) {
        await withUnsafeContinuation { continuation in
            let isOver = core.withLock { core in
                switch core.phase {
                case .closed, .failed: return true
                case .running, .draining, .closing:
                    core.shutdownWaiters.append(continuation)
                    return false
                }
            }
            if isOver { continuation.resume() }
        }
        if case .failed(let error) = health { throw error }
    }

    /// Closes the engine: no invocation starts any more, those in flight have `grace` to end, and what has not ended then
    /// is cancelled. A cancelled invocation leaves nothing in the record, so the next open runs it again.
    ///
    /// Returns when the log is synced and unlocked. Closing twice is no error; the second call waits for the first.
    package func close(grace: Duration) async throws(RuntimeError) {
        let isFirst = core.withLock { core in
            guard case .running = core.phase else { return false }
            core.phase = .draining
            return true
        }
        guard isFirst else {
            if case .failed = health { return try await closeLog() }
            return try await run()
        }
        await drained(within: grace)
        cancelInvocations(.closing)
        await drained(within: Self.cancellationGrace)
        try await closeLog()
    }

    /// How long a cancelled handler has to return. What comes later finds the engine closed.
    private static let cancellationGrace = Duration.seconds(1)

    private func closeLog() async throws(RuntimeError) {
        timerLoop.stop()
        loader.stop(self)
        maintenance.stop()
        parkedHandlers?.dropAll()
        let result = await seams.blocking { [self] () -> Result<Void, RuntimeError> in
            maintenance.finish(self)
            do throws(LogError) { return .success(try log.close()) } catch { return .failure(.log(error)) }
        }
        if case .failure(let error) = result { finish(.failed(error)) } else { finish(.closed) }
        try result.get()
    }

    /// Waits until no invocation is in flight, or until `grace` is over.
    private func drained(within grace: Duration) async {
        await withTaskGroup { group in
            group.addTask { [self] in
                await withTaskCancellationHandler {
                    await withUnsafeContinuation { continuation in
                        let isIdle = core.withLock { core in
                            guard !core.invocations.isEmpty, !Task.isCancelled else { return true }
                            core.idleWaiters.append(continuation)
                            return false
                        }
                        if isIdle { continuation.resume() }
                    }
                } onCancel: { [self] in
                    releaseIdleWaiters()
                }
            }
            group.addTask { [seams] in try? await seams.sleep(grace) }  // Throws only when the drain was quicker.
            await group.next()
            group.cancelAll()
        }
    }

    /// Tells `close` when the last invocation has ended.
    func noteIdleInvocations() {
        if core.withLock({ $0.invocations.isEmpty }) { releaseIdleWaiters() }
    }

    private func releaseIdleWaiters() {
        let waiters = core.withLock { core in
            let waiters = core.idleWaiters
            core.idleWaiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    private func cancelInvocations(_ phase: Core.Phase) {
        let tasks = core.withLock { core in
            core.enter(phase)
            // Their handlers have returned: nobody is left to end them.
            for number in core.unrecordedEnds.keys {
                if let task = core.invocations[number] { core.forget(task) }
            }
            // Sorted here and below: the order of a dictionary is not the same in every process.
            return core.invocations.sorted { $0.key < $1.key }.map(\.value)
        }
        for task in tasks { task.cancel() }
    }

    /// Translates the log's error; a failed log stops the engine.
    func note(_ error: LogError) -> RuntimeError {
        if error == .closed { return .closed }
        // The caller may hold the lock: the consequences are another task's.
        if log.failure != nil, failureNoted.exchange(true, ordering: .acquiringAndReleasing) == false {
            seams.start { [self] in
                cancelInvocations(.failed(.log(error)))
                timerLoop.stop()
                loader.stop(self)
                maintenance.stop()
                parkedHandlers?.dropAll()
                finish(.failed(.log(error)))
            }
        }
        return .log(error)
    }

    /// Wakes everybody who waits for something that will not happen in this process.
    private func finish(_ phase: Core.Phase) {
        let (ends, shutdowns, error) = core.withLock { core in
            core.enter(phase)
            let ends = core.endWaiters.sorted { $0.key < $1.key }.flatMap { $0.value.inOrder }
            let shutdowns = core.shutdownWaiters
            core.endWaiters = [:]
            core.shutdownWaiters = []
            return (ends, shutdowns, core.refusal)
        }
        for waiter in ends { waiter.resume(returning: .failure(error)) }
        for waiter in shutdowns { waiter.resume() }
    }
}
