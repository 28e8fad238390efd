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
    ///   - body: Makes its durable calls on the context it is given; using the outer one does not compile.
    /// - Returns: The result as decoded from its recorded bytes, on the first run too.
    /// - Throws: ``ChildContextError`` when `body` throws; ``SerdesError``; ``ReplayError``; ``ContextError``.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `CONTEXT`.
    public nonisolated(nonsending) func runInChildContext<Result: Codable & SendableMetatype>(
        _ name: String? = nil, serdes: (any Serdes)? = nil,
        body: @escaping @concurrent @Sendable (DurableContext) async throws -> Result
    ) async throws -> Result {
        let serdes = serdes ?? invocation.serdes
        let bytes = try await child(name) { branch in try await branch.run(serdes, body) }
        return try serdes.decoded(Result.self, from: bytes, as: "the result of child context \(name ?? "")")
    }

    /// Groups operations, as the other ``runInChildContext(_:serdes:body:)``, for a body without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public nonisolated(nonsending) func runInChildContext(
        _ name: String? = nil, body: @escaping @concurrent @Sendable (DurableContext) async throws -> Void
    ) async throws {
        _ = try await child(name) { branch in
            try await branch.run(body)
            return nil
        }
    }

    private nonisolated(nonsending) func child(
        _ name: String?, _ body: nonisolated(nonsending) (Branch) async throws -> [UInt8]?
    ) async throws -> [UInt8]? {
        try await branch(
            "RunInChildContext", name, describe: { RecordedError($0) },
            failure: { ChildContextError(context: $0, cause: $1) }, body)
    }
}

extension Branch {
    /// Runs a user's branch where it runs: off every actor, so that it can pass its context on to any `nonisolated`
    /// function. Only bytes come back.
    @concurrent
    fileprivate func run<Result: Codable & SendableMetatype>(
        _ serdes: any Serdes, _ body: @concurrent @Sendable (DurableContext) async throws -> Result
    ) async throws -> [UInt8]? {
        let context = makeContext()
        defer { context.close() }
        return try serdes.encoded(try await body(context), as: "the result of child context \(id)")
    }

    @concurrent
    fileprivate func run(_ body: @concurrent @Sendable (DurableContext) async throws -> Void) async throws {
        let context = makeContext()
        defer { context.close() }
        try await body(context)
    }
}
