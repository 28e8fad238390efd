import ExecutionModel

extension DurableContext {
    /// Groups operations: runs `body` with a context of its own, records its result and returns it. On replay after
    /// that, returns the record and does not run `body`.
    ///
    /// The history shows the operations inside under one heading, and they number themselves: a change to them does not
    /// move what follows. A result above 256 KiB is not recorded; `body` then runs again on replay, over the record of
    /// its operations.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - serdes: How the result becomes bytes; nil: as the function says.
    ///   - summary: What the history shows in place of a result that is too large; nil: nothing. At most 256 KiB.
    ///   - body: Makes its durable calls on the context it is given; using the outer one does not compile.
    /// - Returns: The result as decoded from its recorded bytes, on the first run too.
    /// - Throws: ``ChildContextError`` when `body` throws; what is fatal, as it is: ``FatalError``, ``SerdesError``,
    ///   ``ReplayError``, ``ContextError``; ``ExecutionCancelledError``.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `CONTEXT`.
    public nonisolated(nonsending) func runInChildContext<Result: Codable & SendableMetatype>(
        _ name: String? = nil, serdes: (any Serdes)? = nil, summary: (@Sendable (Result) -> String)? = nil,
        body: @escaping @concurrent @Sendable (DurableContext) async throws -> Result
    ) async throws -> Result {
        let serdes = serdes ?? run.serdes
        let what = "the result of child context \(name ?? "")"
        let shown = Summary()
        let (bytes, identity) = try await recordedContext(
            "RunInChildContext", name, summary: { _ in shown.bytes },
            failure: { ChildContextError(context: $0, cause: $1) }
        ) { scope in
            guard let summary else { return try await scope.encoding(serdes, as: what, body) }
            return try await scope.encoding(serdes, as: what) { context in
                let result = try await body(context)
                shown.bytes = Array(summary(result).prefix(utf8Length: RecordedContext.resultLengthMax).utf8)
                return result
            }
        }
        return try await decoded(from: bytes, of: identity.id, serdes, as: what)
    }

    /// Groups operations, as the other ``runInChildContext(_:serdes:summary:body:)``, for a body without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public nonisolated(nonsending) func runInChildContext(
        _ name: String? = nil, body: @escaping @concurrent @Sendable (DurableContext) async throws -> Void
    ) async throws {
        _ = try await recordedContext(
            "RunInChildContext", name, failure: { ChildContextError(context: $0, cause: $1) }
        ) { scope in try await scope.running(body) }
    }

    /// Groups operations without a record of the group: they number themselves, and hang on this context in the history.
    ///
    /// `body` runs on every replay, over the record of its operations; its result is not recorded and not turned into
    /// bytes, and what it throws passes as it is.
    ///
    /// - Parameters:
    ///   - name: For plugins and messages alone.
    ///   - body: As that of ``runInChildContext(_:serdes:summary:body:)``.
    public nonisolated(nonsending) func runInVirtualContext<Result: Sendable>(
        _ name: String? = nil, body: @escaping @concurrent @Sendable (DurableContext) async throws -> Result
    ) async throws -> Result {
        try await operation(.context, "RunInChildContext", name, isRecorded: false) { identity in
            // A record under this id is another program's: this context has none.
            if let row = run.row(identity.id) { throw run.diverge(recorded: row.identity, attempted: identity) }
            let (result, lastTime) = try await run.observedBody(of: identity) {
                try await scope(inside: identity.id, isRecorded: false).passing(body)
            }
            note(lastTime)
            return result
        }
    }
}

extension ContextScope {
    /// Runs a body whose result is passed on as it is, and tells when its last operation ended.
    @concurrent
    fileprivate func passing<Result: Sendable>(
        _ body: @concurrent @Sendable (DurableContext) async throws -> Result
    ) async throws -> (Result, Timestamp) {
        let context = makeContext()
        defer { context.close() }
        let result = try await body(context)
        return (result, context.lastTime)
    }
}

/// Carries a summary from where a body runs to where its result is recorded.
///
/// `@unchecked`: written before the body returns, and read after.
private final class Summary: @unchecked Sendable {
    var bytes: [UInt8] = []
}
