import ExecutionModel

extension DurableContext {
    /// Runs `body`, records its result and returns it. On replay, returns the record and does not run `body`.
    ///
    /// A crash before the result is durable makes `body` run again, so make it idempotent
    /// (``StepContext/idempotencyKey``), or ask for ``StepSemantics/atMostOncePerRetry``.
    ///
    /// - Parameters:
    ///   - name: Shown in the history and compared on replay: 1 to 256 printable ASCII characters; need not be unique.
    ///   - retry: When to run `body` again after it throws. The wait between attempts holds no thread or process.
    ///   - semantics: What a crash in the middle of an attempt means.
    ///   - serdes: How the result becomes bytes; nil: as the function says.
    ///   - execution: Where `body` runs.
    ///   - body: May capture anything, non-`Sendable` and mutable state included. It must not use this context.
    /// - Returns: The result as decoded from its recorded bytes, on the first run too, so both runs see one value.
    /// - Throws: ``StepError`` after the last attempt, decoded from the record on the first run too; ``FatalError`` when
    ///   `body` throws one; ``SerdesError`` when the recorded bytes are no `Result`; ``ReplayError`` when the history holds
    ///   another operation at this place; ``ContextError`` before anything is recorded; ``ExecutionCancelledError``.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `STEP`.
    public nonisolated(nonsending) func step<Result: Codable>(
        _ name: String? = nil, retry: RetryPolicy = .default, semantics: StepSemantics = .atLeastOncePerRetry,
        serdes: (any Serdes)? = nil, execution: StepExecution = .pool,
        body: nonisolated(nonsending) (StepContext) async throws -> Result
    ) async throws -> Result {
        try await recordedStep(name, retry, semantics, serdes) { step in
            try await run.place(execution) { try await body(step) }
        }
    }

    /// Runs `body` and records that it is done. On replay, does not run `body`.
    ///
    /// As the other ``step(_:retry:semantics:serdes:execution:body:)``, for a body without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public nonisolated(nonsending) func step(
        _ name: String? = nil, retry: RetryPolicy = .default, semantics: StepSemantics = .atLeastOncePerRetry,
        execution: StepExecution = .pool, body: nonisolated(nonsending) (StepContext) async throws -> Void
    ) async throws {
        try await recordedStep(name, retry, semantics) { step in
            try await run.place(execution) { try await body(step) }
        }
    }

    /// Runs `body` for at most `timeout` and records its result and returns it. On replay, returns the record.
    ///
    /// When the time is up the attempt has failed with a ``StepTimeoutError``, which `retry` decides on; the task of `body` is
    /// cancelled, and what it still comes to is dropped: the next attempt may begin before it has ended. Otherwise as
    /// ``step(_:retry:semantics:serdes:execution:body:)``.
    ///
    /// - Parameters:
    ///   - timeout: Of each attempt; above zero. A crash in the middle of an attempt begins it anew.
    ///   - body: Runs in a task of its own on the global pool.
    public nonisolated(nonsending) func step<Result: Codable & Sendable>(
        _ name: String? = nil, timeout: Duration, retry: RetryPolicy = .default,
        semantics: StepSemantics = .atLeastOncePerRetry, serdes: (any Serdes)? = nil,
        body: @escaping @concurrent @Sendable (StepContext) async throws -> Result
    ) async throws -> Result {
        try Self.check(timeout: timeout)
        return try await recordedStep(name, retry, semantics, serdes) { step in
            try await run.environment.result(within: timeout) { try await body(step) }
        }
    }

    /// As the other ``step(_:timeout:retry:semantics:serdes:body:)``, for a body without a result.
    @_disfavoredOverload
    public nonisolated(nonsending) func step(
        _ name: String? = nil, timeout: Duration, retry: RetryPolicy = .default,
        semantics: StepSemantics = .atLeastOncePerRetry,
        body: @escaping @concurrent @Sendable (StepContext) async throws -> Void
    ) async throws {
        try Self.check(timeout: timeout)
        try await recordedStep(name, retry, semantics) { step in
            try await run.environment.result(within: timeout) { try await body(step) }
        }
    }

    private static func check(timeout: Duration) throws(ContextError) {
        guard timeout <= .zero else { return }
        throw ContextError(code: .invalidDuration, message: "a step's timeout of \(timeout): it must be above zero")
    }

    private nonisolated(nonsending) func recordedStep<Result: Codable>(
        _ name: String?, _ retry: RetryPolicy, _ semantics: StepSemantics, _ serdes: (any Serdes)?,
        _ attempt: nonisolated(nonsending) (StepContext) async throws -> Result
    ) async throws -> Result {
        let serdes = serdes ?? run.serdes
        return try await operation(.step, "Step", name) { identity in
            let place = SerdesPlace(run.execution, operation: identity.id.rawValue)
            let step = StepRun(context: self, identity: identity, retry: retry, semantics: semantics)
            return try await step.value { row in
                let bytes = try await run.bytes(of: row.result, on: strand)
                return try await serdes.decoded(
                    Result.self, from: bytes, for: place, as: "the result of step \(identity)")
            } attempt: { step in
                let produced = try await attempt(step)
                let bytes = try await serdes.encoded(produced, for: place, as: "the result of step \(identity)")
                let value = try await serdes.decoded(
                    Result.self, from: bytes, for: place, as: "the recorded result of step \(identity)")
                return (bytes, value)
            }
        }
    }

    private nonisolated(nonsending) func recordedStep(
        _ name: String?, _ retry: RetryPolicy, _ semantics: StepSemantics,
        _ attempt: nonisolated(nonsending) (StepContext) async throws -> Void
    ) async throws {
        try await operation(.step, "Step", name) { identity in
            let step = StepRun(context: self, identity: identity, retry: retry, semantics: semantics)
            try await step.value { _ in
            } attempt: { step in
                (nil, try await attempt(step))
            }
        }
    }
}
