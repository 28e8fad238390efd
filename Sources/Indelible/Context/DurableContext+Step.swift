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
    /// - Throws: ``StepError`` after the last attempt, decoded from the record on the first run too; ``SerdesError``
    ///   when the recorded bytes are no `Result`; ``ReplayError`` when the history holds another operation at this
    ///   place; ``ContextError`` before anything is recorded.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `STEP`.
    public nonisolated(nonsending) func step<Result: Codable>(
        _ name: String? = nil, retry: RetryPolicy = .default, semantics: StepSemantics = .atLeastOncePerRetry,
        serdes: (any Serdes)? = nil, execution: StepExecution = .pool,
        body: nonisolated(nonsending) (StepContext) async throws -> Result
    ) async throws -> Result {
        let serdes = serdes ?? invocation.serdes
        return try await operation(.step, "Step", name) { identity in
            let run = StepRun(context: self, identity: identity, retry: retry, semantics: semantics)
            if let row = try await run.begin() {
                return try serdes.decoded(Result.self, from: row.resultBytes, as: "the result of step \(identity)")
            }
            // Decoded before it is recorded: a result that cannot be read back must not become the outcome.
            let (bytes, value): ([UInt8]?, Result)
            do {
                let produced = try await run.attempt(execution, body)
                bytes = try serdes.encoded(produced, as: "the result of step \(identity)")
                value = try serdes.decoded(Result.self, from: bytes, as: "the recorded result of step \(identity)")
            } catch {
                throw try await run.fail(error)
            }
            try await run.succeed(bytes)
            return value
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
        try await operation(.step, "Step", name) { identity in
            let run = StepRun(context: self, identity: identity, retry: retry, semantics: semantics)
            guard try await run.begin() == nil else { return }
            do {
                try await run.attempt(execution, body)
            } catch {
                throw try await run.fail(error)
            }
            try await run.succeed(nil)
        }
    }
}
