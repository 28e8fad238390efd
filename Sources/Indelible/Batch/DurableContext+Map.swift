import ExecutionModel

extension DurableContext {
    /// Runs `body` for each item, many at a time, and returns what became of them. On replay after that, returns the record.
    ///
    /// ```swift
    /// let batch = try await context.map("charge all", orders, maxConcurrency: 50) { order, context in
    ///     try await context.step("charge") { step in try await charge(order, key: step.idempotencyKey) }
    /// }
    /// let receipts = try batch.throwIfError().results
    /// ```
    ///
    /// Each item has a context of its own and makes its durable calls on that. An item that waits holds its place among
    /// those that may run. The execution rests when no item can go on.
    ///
    /// An item that throws has failed, and the batch goes on as `completion` says: it does not throw. What is fatal
    /// (``FatalError``, ``SerdesError``, ``ReplayError``, ``ContextError``) and a cancellation end the whole batch, and are
    /// thrown. Items that still run when the batch is over are abandoned: their tasks are cancelled, and nothing they do is
    /// recorded.
    ///
    /// A result above 256 KiB is not recorded as a whole; its items' are.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - items: The same on every replay.
    ///   - maxConcurrency: How many items may have started and not ended; at least 1. Nil: all.
    ///   - completion: When the batch is over.
    ///   - nesting: What the history shows of the items.
    ///   - itemName: The name of an item, given it and its place; nil: `map-item-0`, `map-item-1` …
    ///   - serdes: How the whole result becomes bytes; nil: as the function says.
    ///   - itemSerdes: How an item's result becomes bytes; nil: as `serdes`.
    ///   - body: Runs on its own context; using the outer one does not compile.
    /// - Throws: What is fatal; ``ExecutionCancelledError``; ``ContextError`` before anything is recorded.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `CONTEXT`, sub type `Map`.
    public nonisolated(nonsending) func map<Item: Sendable, Result: Codable & SendableMetatype>(
        _ name: String?, _ items: [Item], maxConcurrency: Int? = nil,
        completion: BatchCompletion = .allSuccessful, nesting: BatchNesting = .nested,
        itemName: (@Sendable (Item, Int) -> String)? = nil, serdes: (any Serdes)? = nil,
        itemSerdes: (any Serdes)? = nil,
        body: @escaping @concurrent @Sendable (Item, DurableContext) async throws -> Result
    ) async throws -> BatchResult<Result> {
        let options = BatchOptions(
            kind: .map, count: items.count, concurrencyLimit: maxConcurrency, completion: completion, nesting: nesting,
            itemName: { index in itemName?(items[index], index) })
        let itemSerdes = itemSerdes ?? serdes ?? run.serdes
        return try await batch(
            name, options, of: Result.self, serdes: serdes ?? run.serdes, itemSerdes: itemSerdes
        ) { index, scope in
            try await scope.encoding(itemSerdes, as: "the result of an item of map \(name ?? "")") { context in
                try await body(items[index], context)
            }
        }
    }

    /// Runs `body` for each item, as the other ``map(_:_:maxConcurrency:completion:nesting:itemName:serdes:itemSerdes:body:)``,
    /// for a body without a result.
    @_disfavoredOverload
    public nonisolated(nonsending) func map<Item: Sendable>(
        _ name: String?, _ items: [Item], maxConcurrency: Int? = nil,
        completion: BatchCompletion = .allSuccessful, nesting: BatchNesting = .nested,
        itemName: (@Sendable (Item, Int) -> String)? = nil,
        body: @escaping @concurrent @Sendable (Item, DurableContext) async throws -> Void
    ) async throws -> BatchResult<Void> {
        let batch = try await map(
            name, items, maxConcurrency: maxConcurrency, completion: completion, nesting: nesting, itemName: itemName,
            serdes: .json
        ) { item, context in
            try await body(item, context)
            return Nothing()
        }
        return batch.map { _ in () }
    }

    /// Runs `body` for each item, in an operation without a name: see
    /// ``map(_:_:maxConcurrency:completion:nesting:itemName:serdes:itemSerdes:body:)``.
    public nonisolated(nonsending) func map<Item: Sendable, Result: Codable & SendableMetatype>(
        _ items: [Item], maxConcurrency: Int? = nil, completion: BatchCompletion = .allSuccessful,
        nesting: BatchNesting = .nested, itemName: (@Sendable (Item, Int) -> String)? = nil,
        serdes: (any Serdes)? = nil, itemSerdes: (any Serdes)? = nil,
        body: @escaping @concurrent @Sendable (Item, DurableContext) async throws -> Result
    ) async throws -> BatchResult<Result> {
        try await map(
            nil, items, maxConcurrency: maxConcurrency, completion: completion, nesting: nesting, itemName: itemName,
            serdes: serdes, itemSerdes: itemSerdes, body: body)
    }

    /// Runs `body` for each item, in an operation without a name, for a body without a result.
    @_disfavoredOverload
    public nonisolated(nonsending) func map<Item: Sendable>(
        _ items: [Item], maxConcurrency: Int? = nil, completion: BatchCompletion = .allSuccessful,
        nesting: BatchNesting = .nested, itemName: (@Sendable (Item, Int) -> String)? = nil,
        body: @escaping @concurrent @Sendable (Item, DurableContext) async throws -> Void
    ) async throws -> BatchResult<Void> {
        try await map(
            nil, items, maxConcurrency: maxConcurrency, completion: completion, nesting: nesting, itemName: itemName,
            body: body)
    }
}

/// The result of a body that has none: `null` in the record.
struct Nothing: Codable, Sendable {
    init() {}

    init(from decoder: any Decoder) throws {}

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encodeNil()
    }
}
