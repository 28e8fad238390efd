import ExecutionModel

/// One call of a step: what the history says about it, one attempt, and the record of that attempt's outcome.
struct StepRun {
    let context: DurableContext
    let identity: OperationIdentity
    let retry: RetryPolicy
    let semantics: StepSemantics
    private let number: Int

    init(context: DurableContext, identity: OperationIdentity, retry: RetryPolicy, semantics: StepSemantics) {
        self.context = context
        self.identity = identity
        self.retry = retry
        self.semantics = semantics
        number = (context.invocation.row(identity.id)?.attemptsEnded ?? 0) + 1
    }

    private var invocation: HandlerInvocation { context.invocation }

    /// Returns the row of a step that has succeeded; nil when an attempt is to run now, its start recorded.
    nonisolated(nonsending) func begin() async throws -> Operation? {
        guard let row = try invocation.replay(identity) else {
            try await start()
            return nil
        }
        switch row.status {
        case .succeeded:
            return row
        case .ready:
            try await start()
            return nil
        case .started:
            context.endReplay()
            switch semantics {
            case .atLeastOncePerRetry: return nil
            case .atMostOncePerRetry: throw try await fail(StepInterruptedError())
            }
        case .pending:
            throw invocation.end(.suspended)
        case .failed, .cancelled, .timedOut, .stopped:
            throw error(from: row)
        }
    }

    private nonisolated(nonsending) func start() async throws {
        context.endReplay()
        // Nobody relies on an at-least-once start: it rides along with the outcome, one sync for both.
        let isForced = semantics == .atMostOncePerRetry
        let changed = try await invocation.require(OperationUpdate(identity, .start), forced: isForced)
        precondition(
            !isForced || changed.contains { $0.identity.id == identity.id && $0.status == .started },
            "the backend accepted the start of \(identity.id) and does not show it")
    }

    nonisolated(nonsending) func attempt<Result>(
        _ execution: StepExecution, _ body: nonisolated(nonsending) (StepContext) async throws -> Result
    ) async throws -> Result {
        let step = StepContext(invocation, identity, attempt: number)
        // Without an executor of its own the handler is on the pool already.
        guard execution == .pool, invocation.input.executor != nil else { return try await body(step) }
        return try await withTaskExecutorPreference(globalConcurrentExecutor) {
            // The preference alone moves nobody: a nonsending body stays on its caller's thread until it suspends. (An
            // empty @concurrent function in place of the yield is optimised away, hop and all.)
            await Task.yield()
            return try await body(step)
        }
    }

    /// Records the result. When the backend refuses it (too large, say), the step fails instead.
    nonisolated(nonsending) func succeed(_ payload: [UInt8]?) async throws {
        do {
            try await invocation.checkpoint([OperationUpdate(identity, .succeed, payload: payload)], forced: true)
        } catch let refusal as RefusedUpdate {
            throw try await recordFailure(refusal.error)
        }
    }

    /// Records what an attempt threw, as a retry or as the step's failure, and returns what the step throws.
    nonisolated(nonsending) func fail(_ thrown: any Error) async throws -> any Error {
        // Whatever a body throws once the engine has taken the invocation back says nothing about the step.
        if invocation.isCancelled { return invocation.end(.abandoned) }
        if invocation.isSuspending { return Suspension() }
        let object = RecordedError(thrown).object
        guard case .retry(let delay) = decide(thrown) else { return try await recordFailure(object) }
        try await invocation.require(
            OperationUpdate(
                identity, .retry, error: object,
                options: .step(nextAttemptDelay: max(Milliseconds(delay), Milliseconds(1)))),
            forced: true)
        return invocation.end(.suspended)
    }

    private func decide(_ thrown: any Error) -> RetryPolicy.Decision {
        // A value that cannot be encoded, or a misused context, is a bug: no other attempt changes it.
        if thrown is SerdesError || thrown is ContextError { return .fail }
        let random = SipHash128(of: "jitter/\(identity.id)/\(number)".utf8, key: invocation.input.execution.check)
        return retry.decide(thrown, attempt: number, unitRandom: random.unitInterval)
    }

    private nonisolated(nonsending) func recordFailure(_ error: ErrorObject) async throws -> any Error {
        try await invocation.require(OperationUpdate(identity, .fail, error: error), forced: true)
        return StepError(step: identity.name, attempts: number, cause: RecordedError(error))
    }

    private func error(from row: Operation) -> StepError {
        StepError(step: identity.name, attempts: row.attemptsEnded, cause: RecordedError(row.error))
    }
}
