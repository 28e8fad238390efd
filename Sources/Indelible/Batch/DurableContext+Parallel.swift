import ExecutionModel

extension DurableContext {
    /// Runs branches at the same time and returns what became of them. On replay after that, returns the record.
    ///
    /// ```swift
    /// let quotes = try await context.parallel("quotes", completion: .firstSuccessful) {
    ///     DurableBranch("north") { context in try await context.step { _ in try await north.quote(order) } }
    ///     DurableBranch("south") { context in try await context.step { _ in try await south.quote(order) } }
    /// }
    /// ```
    ///
    /// As ``map(_:_:maxConcurrency:completion:nesting:itemName:serdes:itemSerdes:body:)``, with a body of its own for each
    /// item. Branches of different types go into ``parallel(_:maxConcurrency:_:)``.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - maxConcurrency: How many branches may have started and not ended; at least 1. Nil: all.
    ///   - completion: When the batch is over.
    ///   - nesting: What the history shows of the branches.
    ///   - serdes: How the whole result becomes bytes; nil: as the function says.
    ///   - itemSerdes: How a branch's result becomes bytes; nil: as `serdes`.
    ///   - branches: The same on every replay.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `CONTEXT`, sub type `Parallel`.
    public nonisolated(nonsending) func parallel<Result: Codable & SendableMetatype>(
        _ name: String? = nil, maxConcurrency: Int? = nil, completion: BatchCompletion = .allSuccessful,
        nesting: BatchNesting = .nested, serdes: (any Serdes)? = nil, itemSerdes: (any Serdes)? = nil,
        @DurableBranchBuilder<Result> branches: () -> [DurableBranch<Result>]
    ) async throws -> BatchResult<Result> {
        let branches = branches()
        let options = BatchOptions(
            kind: .parallel, count: branches.count, concurrencyLimit: maxConcurrency, completion: completion,
            nesting: nesting, itemName: { branches[$0].name })
        let itemSerdes = itemSerdes ?? serdes ?? run.serdes
        return try await batch(
            name, options, of: Result.self, serdes: serdes ?? run.serdes, itemSerdes: itemSerdes
        ) { index, scope in
            try await scope.encoding(
                itemSerdes, as: "the result of a branch of parallel \(name ?? "")", branches[index].body)
        }
    }

    /// Runs branches at the same time, as the other `parallel`, for branches without a result.
    @_disfavoredOverload
    public nonisolated(nonsending) func parallel(
        _ name: String? = nil, maxConcurrency: Int? = nil, completion: BatchCompletion = .allSuccessful,
        nesting: BatchNesting = .nested, @DurableBranchBuilder<Void> branches: () -> [DurableBranch<Void>]
    ) async throws -> BatchResult<Void> {
        let branches = branches()
        let options = BatchOptions(
            kind: .parallel, count: branches.count, concurrencyLimit: maxConcurrency, completion: completion,
            nesting: nesting, itemName: { branches[$0].name })
        let batch = try await batch(
            name, options, of: Nothing.self, serdes: .json, itemSerdes: .json
        ) { index, scope in try await scope.running(branches[index].body) }
        return batch.map { _ in () }
    }

    /// Runs branches of any types at the same time and returns their results, in order, once all have succeeded. On replay
    /// after that, returns the record.
    ///
    /// ```swift
    /// let (stock, risk) = try await context.parallel(
    ///     "checks",
    ///     DurableBranch("stock") { context in try await context.step { _ in try await stock(of: order) } },
    ///     DurableBranch("risk") { context in try await context.step { _ in try await risk(of: order) } })
    /// ```
    ///
    /// The first branch that throws ends the others, as ``BatchCompletion/allSuccessful`` says.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - maxConcurrency: As the other `parallel`'s.
    ///   - branch: The same on every replay.
    /// - Throws: ``ChildContextError`` with what the first branch, in order, threw that failed; otherwise as the other
    ///   `parallel`.
    //
    // Not closures: beside another `parallel` the compiler does not find out that those in a pack are Sendable.
    public nonisolated(nonsending) func parallel<each Result: Codable & SendableMetatype>(
        _ name: String?, maxConcurrency: Int? = nil, _ branch: repeat DurableBranch<each Result>
    ) async throws -> (repeat each Result) {
        let serdes = run.serdes
        var names: [String?] = []
        var bodies: [@Sendable (ContextScope) async throws -> [UInt8]?] = []
        for branch in repeat each branch {
            names.append(branch.name)
            bodies.append { scope in
                try await scope.encoding(serdes, as: "the result of a branch of parallel \(name ?? "")", branch.body)
            }
        }
        let (branchNames, branchBodies) = (names, bodies)
        let options = BatchOptions(
            kind: .parallel, count: branchBodies.count, concurrencyLimit: maxConcurrency, completion: .allSuccessful,
            nesting: .nested, itemName: { branchNames[$0] })
        let id = path.next
        let batch = try await batch(
            name, options, of: RecordedBytes.self, serdes: .json, itemSerdes: RecordedBytes.serdes
        ) { index, scope in try await branchBodies[index](scope) }
        var results = try batch.throwIfError().results.enumerated().makeIterator()
        return (repeat try await decoded((each Result).self, results.next(), of: id, serdes))
    }

    private nonisolated(nonsending) func decoded<Result: Codable>(
        _ type: Result.Type, _ branch: (offset: Int, element: RecordedBytes)?, of batch: OperationID,
        _ serdes: any Serdes
    ) async throws -> Result {
        guard let branch else { preconditionFailure("a batch without a failure has fewer results than branches") }
        return try await decoded(
            from: branch.element.bytes, of: OperationPath.branch(branch.offset, of: batch), serdes,
            as: "the result of branch \(branch.offset)")
    }

    /// Runs branches of any types at the same time: see ``parallel(_:maxConcurrency:_:)``.
    public nonisolated(nonsending) func parallel<each Result: Codable & SendableMetatype>(
        maxConcurrency: Int? = nil, _ branch: repeat DurableBranch<each Result>
    ) async throws -> (repeat each Result) {
        try await parallel(nil, maxConcurrency: maxConcurrency, repeat each branch)
    }
}
