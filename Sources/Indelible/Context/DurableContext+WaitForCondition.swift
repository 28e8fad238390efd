import ExecutionModel

extension DurableContext {
    /// Checks a condition again and again until it is met, and returns the state that met it. On replay after that, returns
    /// the record and checks nothing.
    ///
    /// ```swift
    /// let job = try await context.waitForCondition(
    ///     "job done", from: job, poll: .until { $0.isDone }
    /// ) { job, _ in try await service.status(of: job.id) }
    /// ```
    ///
    /// What a check returns is recorded and given to the next one; between two the execution rests. A crash in the middle of
    /// a check makes it run again with the same state.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - initial: What the first check is given.
    ///   - poll: When the condition is met, and when it is checked again.
    ///   - serdes: How the state becomes bytes; nil: as the function says.
    ///   - execution: Where `check` runs.
    ///   - check: Looks at the world and returns the new state. It must not use this context.
    /// - Returns: The last state, as decoded from its recorded bytes.
    /// - Throws: ``WaitForConditionError`` when `check` throws, without another try, or when `poll` gives up;
    ///   ``FatalError`` when `check` throws one; ``SerdesError``; ``ReplayError``; ``ContextError``;
    ///   ``ExecutionCancelledError``.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `STEP`, action `RETRY` with a payload.
    public nonisolated(nonsending) func waitForCondition<State: Codable>(
        _ name: String? = nil, from initial: State, poll: PollPolicy<State>, serdes: (any Serdes)? = nil,
        execution: StepExecution = .pool,
        check: nonisolated(nonsending) (State, StepContext) async throws -> State
    ) async throws -> State {
        let serdes = serdes ?? run.serdes
        return try await operation(.step, "WaitForCondition", name) { identity in
            let polling = Polling(context: self, identity: identity, serdes: serdes, policy: poll)
            return try await polling.state(from: initial) { state, step in
                try await run.place(execution) { try await check(state, step) }
            }
        }
    }
}

/// One call of `waitForCondition`.
private struct Polling<State: Codable> {
    let context: DurableContext
    let identity: OperationIdentity
    let serdes: any Serdes
    let policy: PollPolicy<State>

    private var run: HandlerRun { context.run }
    private var place: SerdesPlace { SerdesPlace(run.execution, operation: identity.id.rawValue) }

    /// Runs checks until the policy has enough of them.
    nonisolated(nonsending) func state(
        from initial: State, _ check: nonisolated(nonsending) (State, StepContext) async throws -> State
    ) async throws -> State {
        while true {
            var number = 1
            var recorded: State?
            if try run.isRecorded(identity) {
                let row = try await context.settled(identity)
                if row.status.isTerminal { return try await outcome(of: row) }
                number = row.attemptsEnded + 1
                // A state that is none says nothing about the condition, which stays as it is.
                if row.result != nil { recorded = try await decoded(try await bytes(of: row)) }
                if row.status == .ready { try await start() } else { context.endReplay() }
            } else {
                try await start()
            }
            do {
                if let state = try await attempt(number, recorded, initial, check) { return state }
            } catch let failed as Failed {
                throw failed.error
            } catch {
                throw try await fail(error, number)
            }
        }
    }

    private nonisolated(nonsending) func start() async throws {
        try context.begin(identity)
        try await run.require(OperationUpdate(identity, .start), forced: false, on: context.strand)
        // As a step: no body begins in an invocation that is over.
        try await run.admit(context.strand)
    }

    /// One check and its record. Nil: there will be another.
    private nonisolated(nonsending) func attempt(
        _ number: Int, _ recorded: State?, _ initial: State,
        _ check: nonisolated(nonsending) (State, StepContext) async throws -> State
    ) async throws -> State? {
        let old: State
        // The first one too is seen as it would be recorded.
        if let recorded { old = recorded } else { old = try await decoded(try await encoded(initial)) }
        let new = try await run.observedBody(of: identity, attempt: number) {
            let step = StepContext(run, identity, attempt: number)
            return try await run.probed(step) { try await check(old, step) }
        }
        let bytes = try await encoded(new)
        // As the next check, and every replay, will see it.
        let state = try await decoded(bytes)
        switch policy.decide(state, attempt: number, unitRandom: run.jitter(of: identity.id, attempt: number)) {
        case .stop:
            try await record(OperationUpdate(identity, .succeed, payload: bytes), number)
            return state
        case .poll(let delay):
            let options = OperationUpdate.Options.step(
                nextAttemptDelay: max(Milliseconds(delay), Milliseconds(1)))
            // Without bytes it would read as a failed attempt.
            try await record(OperationUpdate(identity, .retry, payload: bytes ?? [], options: options), number)
            return nil
        case .fail:
            throw PollPolicyExhausted(attempts: number)
        }
    }

    private nonisolated(nonsending) func encoded(_ state: State) async throws -> [UInt8]? {
        try await serdes.encoded(state, for: place, as: "the state of condition \(identity)")
    }

    private nonisolated(nonsending) func decoded(_ bytes: [UInt8]?) async throws -> State {
        try await serdes.decoded(State.self, from: bytes, for: place, as: "the state of condition \(identity)")
    }

    /// Carries the error of a state that the backend has refused out of the attempt.
    private struct Failed: Error {
        var error: any Error
    }

    private nonisolated(nonsending) func record(_ update: OperationUpdate, _ number: Int) async throws {
        do {
            let changed = try await run.checkpoint([update], forced: true, on: context.strand)
            context.note(changed.lastTime(of: identity.id))
        } catch let refusal as RefusedUpdate {
            throw Failed(error: try await recordFailure(refusal.error, number))
        }
    }

    private nonisolated(nonsending) func fail(_ thrown: any Error, _ number: Int) async throws -> any Error {
        if run.isCancelled { return run.end(.abandoned) }
        let thrown = run.passing(thrown, on: context.strand)
        if run.isSuspending || thrown is Suspension { return Suspension() }
        return try await recordFailure(RecordedError(ofOperation: thrown).object, number)
    }

    private nonisolated(nonsending) func recordFailure(_ error: ErrorObject, _ number: Int) async throws -> any Error {
        let changed = try await run.require(
            OperationUpdate(identity, .fail, error: error), forced: true, on: context.strand)
        context.note(changed.lastTime(of: identity.id))
        return failure(RecordedError(error), attempts: number)
    }

    private nonisolated(nonsending) func outcome(of row: Operation) async throws -> State {
        guard row.status == .succeeded else {
            throw failure(RecordedError(row.error), attempts: row.attemptsEnded)
        }
        return try await decoded(try await bytes(of: row))
    }

    private nonisolated(nonsending) func bytes(of row: Operation) async throws -> [UInt8]? {
        try await run.bytes(of: row.result, on: context.strand)
    }

    private func failure(_ cause: RecordedError, attempts: Int) -> any Error {
        if let fatal = cause.fatalFailure { return fatal }
        return WaitForConditionError(condition: identity.name, attempts: attempts, cause: cause)
    }
}
