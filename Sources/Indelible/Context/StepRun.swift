import ExecutionModel

/// One call of a step: what the history says about it, its attempts, and the record of their outcomes.
struct StepRun {
    let context: DurableContext
    let identity: OperationIdentity
    let retry: RetryPolicy
    let semantics: StepSemantics

    private var run: HandlerRun { context.run }

    private enum Beginning {
        /// The step has ended.
        case recorded(Operation)
        /// The attempt of this number is to run now; its start is recorded.
        case attempt(Int)
        /// The process ended during the attempt of this number, which must not run twice.
        case interrupted(Int)
    }

    /// Runs attempts until one succeeds or there is no further one.
    ///
    /// - Parameters:
    ///   - replayed: The value of a recorded outcome.
    ///   - attempt: Runs the body once, and gives what is to be recorded and the value that it reads back as: a result that
    ///     cannot be read back must not become the outcome.
    nonisolated(nonsending) func value<Value>(
        replayed: nonisolated(nonsending) (Operation) async throws -> Value,
        attempt: nonisolated(nonsending) (StepContext) async throws -> (bytes: [UInt8]?, value: Value)
    ) async throws -> Value {
        while true {
            let number: Int
            let thrown: any Error
            switch try await begin() {
            case .recorded(let row):
                return try await replayed(row)
            case .attempt(let attemptNumber):
                number = attemptNumber
                do {
                    let (bytes, value) = try await run.observedBody(of: identity, attempt: number) {
                        let step = StepContext(run, identity, attempt: number, semantics)
                        return try await run.probed(step) { try await attempt(step) }
                    }
                    try await succeed(bytes, number)
                    return value
                } catch let failed as Failed {
                    throw failed.error
                } catch {
                    thrown = error
                }
            case .interrupted(let attemptNumber):
                number = attemptNumber
                thrown = StepInterruptedError()
            }
            if let error = try await fail(thrown, number) { throw error }
        }
    }

    @inline(never)
    private nonisolated(nonsending) func begin() async throws -> Beginning {
        // Most that are asked about have ended: one look at the record is enough for them.
        guard var row = try run.replay(identity) else {
            try await start()
            return .attempt(1)
        }
        if row.isAwaited { row = try await context.settled(identity) } else { context.note(row) }
        let number = row.attemptsEnded + 1
        switch row.status {
        case .succeeded:
            return .recorded(row)
        case .ready:
            try await start()
            return .attempt(number)
        case .started:
            context.endReplay()
            return semantics == .atLeastOncePerRetry ? .attempt(number) : .interrupted(number)
        case .pending, .failed, .cancelled, .timedOut, .stopped:
            throw failure(RecordedError(row.error), attempts: row.attemptsEnded)
        }
    }

    @inline(never)
    private nonisolated(nonsending) func start() async throws {
        try context.begin(identity)
        // Nobody relies on an at-least-once start: it rides along with the outcome, one sync for both.
        let isForced = semantics == .atMostOncePerRetry
        let changed = try await run.require(OperationUpdate(identity, .start), forced: isForced, on: context.strand)
        precondition(
            !isForced || changed.row(of: identity.id)?.status == .started,
            "the backend accepted the start of \(identity.id) and does not show it")
        // Taken back meanwhile: the next invocation runs the body, and this one is not to begin it beside that.
        try await run.admit(context.strand)
    }

    /// Carries the step's error out of an attempt that has been recorded as failed.
    private struct Failed: Error {
        var error: any Error
    }

    /// Records the result. When the backend refuses it (too large, say), the step fails instead.
    @inline(never)
    private nonisolated(nonsending) func succeed(_ payload: [UInt8]?, _ number: Int) async throws {
        do {
            let changed = try await run.checkpoint(
                [OperationUpdate(identity, .succeed, payload: payload)], forced: true, on: context.strand)
            context.note(changed.lastTime(of: identity.id))
        } catch let refusal as RefusedUpdate {
            throw Failed(error: try await recordFailure(refusal.error, number))
        }
    }

    /// Records what an attempt threw. Nil: there will be another attempt; otherwise what the step throws.
    @inline(never)
    private nonisolated(nonsending) func fail(_ thrown: any Error, _ number: Int) async throws -> (any Error)? {
        // Whatever a body throws once the engine has taken the invocation back says nothing about the step.
        if run.isCancelled { throw run.end(.abandoned) }
        let thrown = run.passing(thrown, on: context.strand)
        if run.isSuspending || thrown is Suspension { throw Suspension() }
        let object = RecordedError(ofOperation: thrown).object
        guard case .retry(let delay) = decide(thrown, number) else { return try await recordFailure(object, number) }
        try await run.require(
            OperationUpdate(
                identity, .retry, error: object,
                options: .step(nextAttemptDelay: max(Milliseconds(delay), Milliseconds(1)))),
            forced: true, on: context.strand)
        return nil
    }

    private func decide(_ thrown: any Error, _ number: Int) -> RetryPolicy.Decision {
        // A value that cannot be encoded, or a misused context, is a bug: no other attempt changes it.
        if thrown is any FatalFailure { return .fail }
        return retry.decide(thrown, attempt: number, unitRandom: run.jitter(of: identity.id, attempt: number))
    }

    @inline(never)
    private nonisolated(nonsending) func recordFailure(_ error: ErrorObject, _ number: Int) async throws -> any Error {
        let changed = try await run.require(
            OperationUpdate(identity, .fail, error: error), forced: true, on: context.strand)
        context.note(changed.lastTime(of: identity.id))
        return failure(RecordedError(error), attempts: number)
    }

    private func failure(_ cause: RecordedError, attempts: Int) -> any Error {
        if let fatal = cause.fatalFailure { return fatal }
        return StepError(step: identity.name, attempts: attempts, cause: cause)
    }
}

extension HandlerRun {
    /// A number in 0 ..< 1 that spreads delays out, and is the same whenever it is asked for.
    func jitter(of operation: OperationID, attempt: Int) -> Double {
        SipHash128(of: "jitter/\(operation)/\(attempt)".utf8, key: execution.id.check).unitInterval
    }

    /// Runs a body where steps' bodies run.
    nonisolated(nonsending) func place<Result>(
        _ execution: StepExecution, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        // Without an executor of its own the handler is on the pool already.
        guard execution == .pool, environment.executor != nil else { return try await body() }
        return try await withTaskExecutorPreference(environment.pool) {
            // The preference alone moves nobody: a nonsending body stays on its caller's thread until it suspends. (An
            // empty @concurrent function in place of the yield is optimised away, hop and all.)
            await Task.yield()
            return try await body()
        }
    }
}
