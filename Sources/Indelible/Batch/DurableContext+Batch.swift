import ExecutionModel

extension DurableContext {
    /// Runs a batch as this context's next operation, and records what it came to.
    ///
    /// - Parameters:
    ///   - serdes: Of the whole result.
    ///   - itemSerdes: Of each item's result.
    ///   - body: Gives the bytes of an item's result.
    nonisolated(nonsending) func batch<Value: Codable>(
        _ name: String?, _ options: BatchOptions, of type: Value.Type, serdes: any Serdes, itemSerdes: any Serdes,
        body: @escaping @Sendable (Int, ContextScope) async throws -> [UInt8]?
    ) async throws -> BatchResult<Value> {
        try options.check()
        var names: [String] = []
        for index in 0..<options.count { names.append(try options.name(of: index)) }
        return try await operation(.context, options.kind.subType, name) { [names] identity in
            if !run.hasRow(identity.id) { try begin(identity) }
            let batch = BatchRun(
                identity: identity, scope: scope(inside: identity.id), kind: options.kind, nesting: options.nesting,
                names: names, body: body)
            let record = BatchRecord<Value>(batch: batch, serdes: serdes, itemSerdes: itemSerdes)
            do {
                let (result, endTime) = try await record.result(
                    BatchState(
                        total: options.count, completion: options.completion,
                        concurrencyLimit: options.concurrencyLimit))
                note(endTime)
                return result
            } catch let error as ExecutionCancelledError {
                isToldOfCancel = true
                throw error
            }
        }
    }
}

/// The record of a batch: answers from it, or runs the batch and makes it.
private struct BatchRecord<Value: Codable> {
    let batch: BatchRun
    let serdes: any Serdes
    let itemSerdes: any Serdes

    private var identity: OperationIdentity { batch.identity }
    private var run: HandlerRun { batch.scope.run }
    private var place: SerdesPlace { SerdesPlace(run.execution, operation: identity.id.rawValue) }
    private var title: String { "the result of \(identity.subType ?? "batch") \(identity)" }

    /// - Parameter state: Where the batch begins: only for one that has not ended, so that nobody asks its rule again.
    nonisolated(nonsending) func result(
        _ state: @autoclosure () -> BatchState
    ) async throws -> (BatchResult<Value>, endTime: Timestamp?) {
        let row = try run.replay(identity)
        switch row?.status {
        case nil:
            try await run.require(OperationUpdate(identity, .start), forced: false, on: batch.scope.strand)
        case .started, .pending, .ready:
            break
        case .succeeded:
            let bytes = try await run.bytes(of: row?.result, on: batch.scope.strand)
            guard let row, row.isReplayedInside else { return (try await decoded(bytes), row?.lastTime) }
            let summary = try decodedSummary(bytes)
            return (try await gathered(try await batch.replay(summary)), row.lastTime)
        case .failed, .cancelled, .timedOut, .stopped:
            throw failure(RecordedError(row?.error))
        }
        do {
            let outcome = try await batch.run(state())
            return try await recorded(try await gathered(outcome), outcome)
        } catch {
            throw try await fail(error)
        }
    }

    /// The items with their values.
    private nonisolated(nonsending) func gathered(_ outcome: BatchRun.Outcome) async throws -> BatchResult<Value> {
        var items: [BatchResult<Value>.Item] = []
        for (index, status) in outcome.statuses.enumerated() {
            guard let status else { continue }
            var value: Value?
            var error: RecordedError?
            switch outcome.outcomes[index] {
            case .succeeded(let bytes): value = try await self.value(bytes, of: index)
            case .failed(let recorded): error = recorded
            case .aborted, nil: break
            }
            items.append(
                BatchResult<Value>.Item(
                    index: index, name: batch.names[index], status: status, value: value, error: error))
        }
        return BatchResult(items: items, completionReason: outcome.reason)
    }

    private nonisolated(nonsending) func value(_ bytes: [UInt8]?, of index: Int) async throws -> Value {
        try await itemSerdes.decoded(
            Value.self, from: bytes,
            for: SerdesPlace(run.execution, operation: OperationPath.branch(index, of: identity.id).rawValue),
            as: "the result of item \(index) of \(identity)")
    }

    /// Records the batch, and gives the result as every replay will.
    private nonisolated(nonsending) func recorded(
        _ result: BatchResult<Value>, _ outcome: BatchRun.Outcome
    ) async throws -> (BatchResult<Value>, endTime: Timestamp?) {
        let bytes = try await serdes.encoded(result, for: place, as: title)
        let isTooLarge = (bytes?.count ?? 0) > RecordedContext.resultLengthMax
        let payload =
            isTooLarge
            ? try JSONSerdes.encode(
                BatchSummary(type: batch.kind.summaryType, statuses: outcome.statuses, reason: outcome.reason)) : bytes
        let rows = try await run.checkpoint(
            [OperationUpdate(identity, .succeed, payload: payload, options: .context(replayChildren: isTooLarge))],
            forced: true, on: batch.scope.strand)
        return (isTooLarge ? result : try await decoded(bytes), rows.lastTime(of: identity.id))
    }

    private nonisolated(nonsending) func decoded(_ bytes: [UInt8]?) async throws -> BatchResult<Value> {
        try await serdes.decoded(BatchResult<Value>.self, from: bytes, for: place, as: title)
    }

    private func decodedSummary(_ bytes: [UInt8]?) throws(SerdesError) -> BatchSummary {
        let summary: BatchSummary
        do {
            summary = try JSONSerdes.decode(BatchSummary.self, from: bytes)
        } catch {
            throw SerdesError(
                .decodingFailed, message: "cannot decode the summary of \(identity): \(error)", cause: error)
        }
        guard summary.isConsistent else {
            throw SerdesError(
                .decodingFailed, message: "the summary of \(identity) names items that did not start: it is not its own"
            )
        }
        return summary
    }

    /// Records what ended the whole batch, so that no replay runs its items again: the handler may go on without them.
    private nonisolated(nonsending) func fail(_ thrown: any Error) async throws -> any Error {
        if run.isCancelled { return run.end(.abandoned) }
        let thrown = run.passing(thrown, on: batch.scope.strand)
        if run.isSuspending || thrown is Suspension { return Suspension() }
        if thrown is ReplayError { return thrown }
        let cause = (thrown as? RefusedUpdate).map { RecordedError($0.error) } ?? RecordedError(ofOperation: thrown)
        try await run.require(
            OperationUpdate(identity, .fail, error: cause.object), forced: true, on: batch.scope.strand)
        return failure(cause)
    }

    private func failure(_ cause: RecordedError) -> any Error {
        if let cancelled = cause.cancellation { return cancelled }
        if let fatal = cause.fatalFailure { return fatal }
        return ChildContextError(context: identity.name, cause: cause)
    }
}
