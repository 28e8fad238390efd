import ExecutionModel

/// The inside of a context, wherever it runs: what a ``DurableContext`` is made from.
struct ContextScope: Sendable {
    let run: HandlerRun
    let strand: Strand
    /// What the ids of the operations inside begin with; nil at the root.
    let prefix: OperationID?
    /// The context that they are recorded in; nil at the root.
    let parentID: OperationID?
    let isReplaying: Bool
    let lastTime: Timestamp
    let isToldOfCancel: Bool
    /// Whether the history has gone past the context's end: nothing inside it is new, and nothing may come to it.
    var isPast: Bool

    func makeContext() -> DurableContext {
        DurableContext(
            run, strand: strand, prefix: prefix, parentID: parentID, isReplaying: isReplaying, lastTime: lastTime,
            isToldOfCancel: isToldOfCancel, isPast: isPast)
    }

    /// Runs a user's body where it runs: off every actor, so that it can pass its context on to any `nonisolated` function.
    /// Only bytes come back.
    @concurrent
    func encoding<Result: Encodable & SendableMetatype>(
        _ serdes: any Serdes, as what: String, _ body: @concurrent @Sendable (DurableContext) async throws -> Result
    ) async throws -> [UInt8]? {
        let context = makeContext()
        defer { context.close() }
        let value = try await body(context)
        return try await serdes.encoded(
            value, for: SerdesPlace(run.execution, operation: prefix?.rawValue), as: what)
    }

    /// As ``encoding(_:as:_:)``, for a body without a result.
    @concurrent
    func running(_ body: @concurrent @Sendable (DurableContext) async throws -> Void) async throws -> [UInt8]? {
        let context = makeContext()
        defer { context.close() }
        try await body(context)
        return nil
    }
}

/// How a recorded context ended.
struct ContextEnd {
    enum Outcome {
        case succeeded([UInt8]?)
        case failed(RecordedError)
    }

    var outcome: Outcome
    /// When it ended; nil where that was not told.
    var time: Timestamp?
}

/// A context with a record of its own: runs its body, or answers from the record.
struct RecordedContext: Sendable {
    /// A result above this many bytes is not recorded with its context: the body runs again on replay instead, over its
    /// recorded operations. AWS's figure.
    static let resultLengthMax = 256 << 10

    let identity: OperationIdentity
    /// The inside.
    let scope: ContextScope

    private var run: HandlerRun { scope.run }
    private var strand: Strand { scope.strand }

    /// - Parameters:
    ///   - describe: What is recorded of an error that `body` throws.
    ///   - summary: What is recorded of a result that is too large.
    ///   - body: Gives the bytes of the result.
    /// - Throws: What is not recorded: ``Suspension``, and errors that are fatal.
    @inline(never)
    nonisolated(nonsending) func end(
        describe: (any Error) -> RecordedError = { RecordedError(ofOperation: $0) },
        summary: ([UInt8]) -> [UInt8] = { _ in [] },
        _ body: nonisolated(nonsending) (ContextScope) async throws -> [UInt8]?
    ) async throws -> ContextEnd {
        switch try await standing() {
        case .new: try await run.require(OperationUpdate(identity, .start), forced: false, on: strand)
        case .begun: break
        case .ended(let end): return end
        case .replayedInside(let time):
            return ContextEnd(outcome: .succeeded(try await observing(isPast: true, body)), time: time)
        }
        do {
            let bytes = try await observing(body)
            return ContextEnd(outcome: .succeeded(bytes), time: try await succeed(bytes, summary))
        } catch {
            return try await fail(error, describe)
        }
    }

    private enum Standing {
        case new, begun
        case ended(ContextEnd)
        /// Its result was too large to be recorded.
        case replayedInside(Timestamp)
    }

    /// What the history holds of it.
    @inline(never)
    private nonisolated(nonsending) func standing() async throws -> Standing {
        guard let row = try run.replay(identity) else { return .new }
        switch row.status {
        case .started, .pending, .ready: return .begun
        case .succeeded where row.isReplayedInside: return .replayedInside(row.lastTime)
        case .succeeded:
            let time = row.lastTime
            return .ended(ContextEnd(outcome: .succeeded(try await run.bytes(of: row.result, on: strand)), time: time))
        case .failed, .cancelled, .timedOut, .stopped:
            return .ended(ContextEnd(outcome: .failed(RecordedError(row.error)), time: row.lastTime))
        }
    }

    private nonisolated(nonsending) func observing(
        isPast: Bool = false, _ body: nonisolated(nonsending) (ContextScope) async throws -> [UInt8]?
    ) async throws -> [UInt8]? {
        var scope = scope
        scope.isPast = scope.isPast || isPast
        return try await run.observedBody(of: identity) { try await body(scope) }
    }

    @inline(never)
    private nonisolated(nonsending) func succeed(
        _ bytes: [UInt8]?, _ summary: ([UInt8]) -> [UInt8]
    ) async throws -> Timestamp? {
        var payload = bytes
        var replaysChildren = false
        if let bytes, bytes.count > Self.resultLengthMax {
            payload = summary(bytes)
            replaysChildren = true
        }
        let update = OperationUpdate(
            identity, .succeed, payload: payload, options: .context(replayChildren: replaysChildren))
        return try await run.checkpoint([update], forced: true, on: strand).lastTime(of: identity.id)
    }

    @inline(never)
    private nonisolated(nonsending) func fail(
        _ thrown: any Error, _ describe: (any Error) -> RecordedError
    ) async throws -> ContextEnd {
        if run.isCancelled { throw run.end(.abandoned) }
        // A suspension, or something that ends the execution: nothing about this context.
        if run.isSuspending || thrown is Suspension { throw Suspension() }
        if thrown is any FatalFailure { throw thrown }
        let cause = (thrown as? RefusedUpdate).map { RecordedError($0.error) } ?? describe(thrown)
        let rows = try await run.require(
            OperationUpdate(identity, .fail, error: cause.object), forced: true, on: strand)
        return ContextEnd(outcome: .failed(RecordedError(cause.object)), time: rows.lastTime(of: identity.id))
    }
}

extension DurableContext {
    /// Runs `body` in a recorded context and gives the bytes of its result: see ``RecordedContext``.
    ///
    /// - Parameter failure: What this throws for a recorded error, on the first run too.
    nonisolated(nonsending) func recordedContext(
        _ subType: String, _ name: String?, describe: (any Error) -> RecordedError = { RecordedError(ofOperation: $0) },
        summary: ([UInt8]) -> [UInt8] = { _ in [] },
        failure: (_ name: String?, RecordedError) -> any Error,
        _ body: nonisolated(nonsending) (ContextScope) async throws -> [UInt8]?
    ) async throws -> (bytes: [UInt8]?, identity: OperationIdentity) {
        try await operation(.context, subType, name) { identity in
            if !run.hasRow(identity.id) { try begin(identity) }
            let context = RecordedContext(identity: identity, scope: scope(inside: identity.id))
            let end = try await context.end(describe: describe, summary: summary, body)
            note(end.time)
            switch end.outcome {
            case .succeeded(let bytes): return (bytes, identity)
            case .failed(let error):
                throw error.cancellation ?? failure(identity.name, error)
            }
        }
    }

    /// - Parameter isRecorded: Whether the context has a record of its own; its operations hang on this one's otherwise.
    func scope(inside id: OperationID, isRecorded: Bool = true) -> ContextScope {
        ContextScope(
            run: run, strand: strand, prefix: id, parentID: isRecorded ? id : parentID, isReplaying: isReplaying,
            lastTime: lastTime, isToldOfCancel: isToldOfCancel,
            // One without a record of its own has ended where the history goes on after it.
            isPast: isPast || (!isRecorded && isReplaying && run.hasHistory(after: path)))
    }
}
