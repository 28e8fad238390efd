import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Runs `body` as one turn and returns its reply once everything it recorded and saw is durable.
    ///
    /// A `body` that throws has changed nothing; its error, too, waits for what it saw.
    func submit<Reply: Sendable>(
        byteCount: Int, _ priority: ReservationPriority,
        _ body: (inout Core, inout Turn) throws(RuntimeError) -> Reply
    ) async throws(RuntimeError) -> Reply {
        try await reserve(byteCount, priority)
        let result: Result<Reply, RuntimeError> = await withUnsafeContinuation { continuation in
            turn(reservation: byteCount, relievesWriter: true, body) { result in continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// Runs `body` as a turn whose events nobody waits for, and returns its reply at once.
    ///
    /// A refusal waits for what it saw all the same, since the caller acts on it; so does a reply with ``Turn/replyLSN``.
    func post<Reply: Sendable>(
        byteCount: Int, _ body: (inout Core, inout Turn) throws(RuntimeError) -> Reply
    ) async throws(RuntimeError) -> Reply {
        try await reserve(byteCount, .completion)
        let (result, replyLSN) = unforcedTurn(reservation: byteCount, body)
        if let replyLSN { try await durable(before: replyLSN) }
        return try result.get()
    }

    /// Finds room in the log for a turn's records, suspending while the log is under pressure.
    private func reserve(_ byteCount: Int, _ priority: ReservationPriority) async throws(RuntimeError) {
        do {
            if try log.tryReserve(byteCount: byteCount, priority) { return }
            try await log.reserve(byteCount: byteCount, priority)
        } catch {
            throw note(error)
        }
    }

    /// One hold of the lock: decide, apply, derive, enqueue. `done` runs when all of it is durable.
    ///
    /// - Parameter relievesWriter: Whether the caller has nothing to do before that, and may write to the disk itself.
    func turn<Reply: Sendable>(
        reservation: Int, relievesWriter: Bool = false, _ body: (inout Core, inout Turn) throws(RuntimeError) -> Reply,
        done: @escaping @Sendable (Result<Reply, RuntimeError>) -> Void
    ) {
        // Held over the lock, so that the engine is not found quiet under it: who hears of that may ask it something.
        beginActivity()
        defer { endActivity() }
        let (timersMoved, isWriter) = core.withLock { core in
            var turn = Turn(now: core.advance(to: seams.clock.now()), firstLSN: log.nextLSN)
            let result = core.run(body, in: &turn)
            let timersMoved = core.settle(&turn, runtime: self)
            let isWriter = relievesWriter && log.takeOverWriter()
            log.enqueue(turn.batch, forced: true, reservation: reservation)
            release(turn.releases, when: turn.nextLSN) { error in
                done(error.map { .failure($0) } ?? result)
            }
            return (timersMoved, isWriter)
        }
        if timersMoved { timerLoop.wake() }
        if isWriter { log.relieveWriter() }
    }

    /// Like ``turn(reservation:_:done:)``, but its reply is early, and its events ride along with others'. Only when they cause
    /// something does anything wait for the disk.
    private func unforcedTurn<Reply: Sendable>(
        reservation: Int, _ body: (inout Core, inout Turn) throws(RuntimeError) -> Reply
    ) -> (Result<Reply, RuntimeError>, replyLSN: LSN?) {
        beginActivity()
        defer { endActivity() }
        let (result, replyLSN, timersMoved) = core.withLock { core in
            var turn = Turn(now: core.advance(to: seams.clock.now()), firstLSN: log.nextLSN)
            let result = core.run(body, in: &turn)
            if case .failure = result { turn.replyLSN = turn.nextLSN }
            let timersMoved = core.settle(&turn, runtime: self)
            log.enqueue(turn.batch, forced: !turn.releases.isEmpty, reservation: reservation)
            if !turn.releases.isEmpty { release(turn.releases, when: turn.nextLSN) { _ in } }
            return (result, turn.replyLSN, timersMoved)
        }
        if timersMoved { timerLoop.wake() }
        return (result, replyLSN)
    }

    /// Called under the lock, so that releases keep the order of their turns. What runs must not take the lock: it runs
    /// here and now when everything is durable already.
    private func release(
        _ releases: [Turn.Release], when end: LSN, then done: @escaping @Sendable (RuntimeError?) -> Void
    ) {
        beginActivity()
        log.whenDurable(before: end) { [self] error in
            let failure = error.map { note($0) }
            for release in releases {
                if let failure { abandon(release, failure) } else { perform(release) }
            }
            done(failure)
            endActivity()
        }
    }

    private func perform(_ release: Turn.Release) {
        switch release {
        case .launch(let task, let invocation, let registration, let parked):
            task.launch(on: seams.executor) { [self] in
                await end(of: task, await run(invocation, registration, parked))
            }
        case .cancel(let task):
            cancelElsewhere(task)
        case .end(let task, let outcome):
            beginActivity()
            seams.start { [self] in await end(of: task, outcome) }
        case .wake(let waiters, let summary):
            for waiter in waiters { waiter.resume(returning: .success(summary)) }
        case .news(let task, let kind):
            task.news.post(kind)
        case .dropParked(let execution):
            parkedHandlers?.drop(execution)
        case .completeParent(let child):
            beginActivity()
            seams.start { [self] in await completeParent(of: child) }
        }
    }

    /// Gives up what the log has not kept. Like ``perform(_:)``, it may run under the lock.
    private func abandon(_ release: Turn.Release, _ error: RuntimeError) {
        switch release {
        case .launch(let task, _, _, let parked):
            seams.start { [self] in
                parked?.drop()
                core.withLock { core in core.forget(task) }
                noteIdleInvocations()
                endActivity()
            }
        case .cancel(let task):
            cancelElsewhere(task)
        case .end(let task, _):
            seams.start { [self] in
                core.withLock { core in core.forget(task) }
                noteIdleInvocations()
            }
        case .wake(let waiters, _):
            for waiter in waiters { waiter.resume(returning: .failure(error)) }
        case .dropParked(let execution):
            parkedHandlers?.drop(execution)
        case .news, .completeParent:
            // Recovery derives what is still to be told.
            break
        }
    }

    /// Cancels where handlers run: cancelling runs their cancellation handlers, and the writer's thread may not wait for
    /// those, the lock even less.
    private func cancelElsewhere(_ task: InvocationTask) {
        Task(executorPreference: seams.executor) { task.cancel() }
    }

    /// Starts what more can be started, in a turn of its own.
    func pumpLater() {
        beginActivity()
        seams.start { [self] in
            await pump()
            endActivity()
        }
    }

    private func pump() async {
        do throws(RuntimeError) {
            try await submit(byteCount: Self.launchByteCount * Core.launchesPerTurn, .completion) { _, turn in
                turn.launchLimit = Core.launchesPerTurn
            }
        } catch {
            // Closed or failed meanwhile: recovery starts them. With a full disk the timers do, in a moment.
            guard case .log(.noRoom) = error else { return }
            core.withLock { core in core.pumpTime = core.lastTime.adding(Core.roomRetryDelay) }
            timerLoop.wake()
        }
    }

    /// Room that the record of an invocation's start takes, with its share of a frame.
    static let launchByteCount = 64

    func beginActivity() {
        activity.add(1, ordering: .acquiringAndReleasing)
        activitiesBegun.add(1, ordering: .acquiringAndReleasing)
    }

    func endActivity() {
        let (_, left) = activity.subtract(1, ordering: .acquiringAndReleasing)
        precondition(left >= 0, "more activities ended than began")
        if left == 0 { seams.onQuiet?() }
    }
}

extension Core {
    fileprivate mutating func run<Reply>(
        _ body: (inout Core, inout Turn) throws(RuntimeError) -> Reply, in turn: inout Turn
    ) -> Result<Reply, RuntimeError> {
        do throws(RuntimeError) {
            return .success(try body(&self, &turn))
        } catch {
            precondition(turn.batch.isEmpty, "a refused command has recorded something")
            return .failure(error)
        }
    }

    /// The turn's time: the clock's, but never before an earlier turn's.
    mutating func advance(to now: Timestamp) -> Timestamp {
        lastTime = max(lastTime, now)
        return lastTime
    }
}
