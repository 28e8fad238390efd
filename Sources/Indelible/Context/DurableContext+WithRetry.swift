import ExecutionModel

extension DurableContext {
    /// Runs `body`, which may make any durable calls, and runs it again after it throws, as `retry` says. On replay after
    /// that, returns the record.
    ///
    /// Where a step retries one piece of work, this retries a piece of the workflow: each attempt makes its calls anew, and
    /// between two lies a durable wait named `<name>-backoff-<attempt>`.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - retry: When there is another attempt.
    ///   - isRecorded: Whether everything lies in a child context, whose result is recorded. Otherwise `body` runs on every
    ///     replay, over the record of its calls.
    ///   - serdes: How the result becomes bytes; nil: as the function says.
    ///   - body: Given the number of the attempt, from 1, and the context to make its calls on.
    /// - Throws: ``ChildContextError`` with what the last attempt threw, or that itself where nothing is recorded; otherwise as
    ///   ``runInChildContext(_:serdes:summary:body:)``.
    /// - SeeAlso: `with_retry` of AWS's Python SDK.
    public nonisolated(nonsending) func withRetry<Result: Codable & Sendable>(
        _ name: String? = nil, retry: RetryPolicy = .exponential(), isRecorded: Bool = true,
        serdes: (any Serdes)? = nil,
        body: @escaping @concurrent @Sendable (_ attempt: Int, DurableContext) async throws -> Result
    ) async throws -> Result {
        let attempts = Attempts(name: name, retry: retry, body: body)
        guard isRecorded else { return try await runInVirtualContext(name) { try await attempts.result(in: $0) } }
        let serdes = serdes ?? run.serdes
        let what = "the result of \(name ?? "a retried context")"
        let (bytes, identity) = try await recordedContext(
            "WithRetry", name, failure: { ChildContextError(context: $0, cause: $1) }
        ) { scope in try await scope.encoding(serdes, as: what) { try await attempts.result(in: $0) } }
        return try await decoded(from: bytes, of: identity.id, serdes, as: what)
    }

    /// As the other ``withRetry(_:retry:isRecorded:serdes:body:)``, for a body without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public nonisolated(nonsending) func withRetry(
        _ name: String? = nil, retry: RetryPolicy = .exponential(), isRecorded: Bool = true,
        body: @escaping @concurrent @Sendable (_ attempt: Int, DurableContext) async throws -> Void
    ) async throws {
        let attempts = Attempts(name: name, retry: retry, body: body)
        guard isRecorded else { return try await runInVirtualContext(name) { try await attempts.result(in: $0) } }
        _ = try await recordedContext(
            "WithRetry", name, failure: { ChildContextError(context: $0, cause: $1) }
        ) { scope in try await scope.running { try await attempts.result(in: $0) } }
    }
}

private struct Attempts<Result>: Sendable {
    let name: String?
    let retry: RetryPolicy
    let body: @concurrent @Sendable (Int, DurableContext) async throws -> Result

    @concurrent
    func result(in context: DurableContext) async throws -> Result {
        var attempt = 1
        while true {
            do {
                return try await body(attempt, context)
            } catch {
                // No attempt of the body's: the invocation is over, or the execution is to end.
                guard !context.isSuspending, !(error is Suspension), !(error is any FatalFailure),
                    !(error is ExecutionCancelledError)
                else { throw error }
                let random = context.run.jitter(of: context.path.next, attempt: attempt)
                guard case .retry(let delay) = retry.decide(error, attempt: attempt, unitRandom: random) else {
                    throw error
                }
                // A policy of the user's own may ask for no delay at all.
                try await context.wait(title(attempt), for: max(delay, .milliseconds(1)))
                attempt += 1
            }
        }
    }

    /// The name of the wait after an attempt; none where it would be too long for one.
    private func title(_ attempt: Int) -> String? {
        guard let name, !name.isEmpty else { return nil }
        let title = "\(name)-backoff-\(attempt)"
        return title.utf8.count > Limits.operationNameLengthMax ? nil : title
    }
}
