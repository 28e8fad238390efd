import ExecutionEngine
import ExecutionModel
import Synchronization

/// What operations ask the record, and tell it.
///
/// What handles a whole row is not inlined: it would be part of the frames of asynchronous functions, which every branch
/// and every parked handler that waits holds on to, ten times over.
extension HandlerRun {
    /// Whether the history held the operation when this run asked.
    func hasRow(_ id: OperationID) -> Bool {
        state.withLock { $0.rows[id] != nil }
    }

    /// Whether the history holds an operation of the path's context that comes after those which the path has named.
    func hasHistory(after path: OperationPath) -> Bool {
        state.withLock { state in
            // The next one may be a context without a record, or none that ever came to one.
            state.rows[path.next] != nil || state.lastPlace(in: path.prefix) > path.count
        }
    }

    /// Whether the history holds the operation that the path has named last, or what is inside it or comes after it.
    func hasHistory(from path: OperationPath) -> Bool {
        state.withLock { state in
            state.rows[path.next] != nil || state.lastPlace(in: path.prefix) >= path.count
        }
    }

    @inline(never)
    func row(_ id: OperationID) -> Operation? {
        state.withLock { $0.rows[id]?.operation }
    }

    /// The row that a handler's operation replays from; nil when the history does not hold it.
    ///
    /// - Throws: ``ReplayError`` when the history holds another operation at that place. The run is poisoned.
    @inline(never)
    func replay(_ identity: OperationIdentity) throws -> Operation? {
        guard let row = row(identity.id) else { return nil }
        guard row.identity == identity else { throw diverge(recorded: row.identity, attempted: identity) }
        return row
    }

    /// Whether the history holds the operation, as ``replay(_:)`` tells.
    @inline(never)
    func isRecorded(_ identity: OperationIdentity) throws -> Bool {
        try hasRow(identity.id) && replay(identity) != nil
    }

    /// Poisons the run, since the handler and its history do not agree.
    @inline(never)
    func diverge(recorded: OperationIdentity?, attempted: OperationIdentity) -> ReplayError {
        let divergence = Divergence(recorded: recorded, attempted: attempted)
        end(.diverged(divergence))
        return ReplayError(report(on: divergence))
    }

    /// The divergence with what stands around it in the history.
    func report(on divergence: Divergence) -> DivergenceReport {
        let siblings = state.withLock { state in
            state.rows.values.filter { known in
                known.operation.identity.parentID == divergence.attempted.parentID
                    && known.operation.identity.type != .execution
            }.sorted { $0.position < $1.position }
        }
        return DivergenceReport(divergence, siblings: siblings.map(\.operation.identity))
    }

    /// Lets a durable call begin, or throws at once when the invocation is over.
    nonisolated(nonsending) func admit(_ strand: Strand) async throws {
        let mustPark: Bool? = state.withLock { state in
            if state.isCancelled && state.ending == nil { state.ending = .abandoned }
            guard state.isOver(for: strand) else { return nil }
            strand.poisonedCalls += 1
            return strand.poisonedCalls > Self.poisonedCallsMax
        }
        guard let mustPark else { return }
        if mustPark { await parkForGood(strand) }
        throw Suspension()
    }

    /// Records `updates`, takes in what others changed, and returns all that changed.
    ///
    /// - Throws: ``Suspension`` when the invocation is over; ``RefusedUpdate`` when the updates break a rule.
    @discardableResult
    @inline(never)
    nonisolated(nonsending) func checkpoint(
        _ updates: [OperationUpdate], forced: Bool, on strand: Strand
    ) async throws -> [Operation] {
        let backend: (any DurableBackend)? = state.withLock { state in
            // User code may have caught the suspension and returned a value: that is no outcome of a step or a context.
            guard !state.isOver(for: strand) else { return nil }
            strand.isRecording = true
            if let context = strand.context, updates.contains(where: { $0.ends(context) }) { strand.isEnding = true }
            return state.input.backend
        }
        guard let backend else { throw Suspension() }
        await reach(.beforeAppend, updates)
        do throws(BackendError) {
            let reply = try await backend.checkpoint(updates, forced: forced)
            await reach(.appended, updates)
            change { state, consequences in
                Self.stopRecording(strand, &consequences)
                state.merge(reply.operations, order: reply.order, &consequences)
                if state.instruments != nil { state.watch.note(reply.operations) }
            }
            observe { $0.operationsChanged(reply.operations) }
            await reach(.acknowledged, updates)
            return reply.operations
        } catch {
            change { _, consequences in Self.stopRecording(strand, &consequences) }
            throw failure(error)
        }
    }

    /// As ``checkpoint(_:forced:on:)``, for updates without which the handler cannot go on: a refusal fails the execution,
    /// unless nobody waits for the strand any more.
    @discardableResult
    @inline(never)
    nonisolated(nonsending) func require(
        _ updates: OperationUpdate..., forced: Bool, on strand: Strand
    ) async throws -> [Operation] {
        do {
            return try await checkpoint(updates, forced: forced, on: strand)
        } catch let refusal as RefusedUpdate {
            if state.withLock({ _ in strand.isOrphaned }) { throw Suspension() }
            throw end(.refused(refusal.error))
        }
    }

    /// The bytes of a row's result; nil when it has none. Reads the log where they are not in memory, so not before they are
    /// asked for: a handler replays over many results and may look at few.
    ///
    /// - Throws: ``Suspension`` when the invocation is over, or its bytes cannot be read, which ends it: it is tried again.
    nonisolated(nonsending) func bytes(of result: Payload?, on strand: Strand) async throws -> [UInt8]? {
        switch result {
        case nil: nil
        case .inline(let bytes): bytes
        case .stored(let lsn, let length): try await load(.stored(lsn: lsn, length: length), on: strand)
        }
    }

    @inline(never)
    private nonisolated(nonsending) func load(_ payload: Payload, on strand: Strand) async throws -> [UInt8] {
        let backend = state.withLock { $0.isOver(for: strand) ? nil : $0.input.backend }
        guard let backend else { throw Suspension() }
        do throws(BackendError) { return try await backend.load(payload) } catch { throw failure(error) }
    }

    private func failure(_ error: BackendError) -> any Error {
        switch error {
        case .invocationOver: end(.abandoned)
        case .paused: end(.suspended)
        case .unavailable(let error): end(.failed(error))
        case .refused(let error): RefusedUpdate(error: error)
        }
    }

    private static func stopRecording(_ strand: Strand, _ consequences: inout Consequences) {
        strand.isRecording = false
        guard !strand.recordingWaiters.isEmpty else { return }
        consequences.resumed += strand.recordingWaiters
        strand.recordingWaiters = []
    }

    /// Waits until no checkpoint of the strand is on its way.
    nonisolated(nonsending) func recorded(_ strand: Strand) async {
        await withUnsafeContinuation { continuation in
            let isRecording = state.withLock { _ in
                if strand.isRecording { strand.recordingWaiters.append(continuation) }
                return strand.isRecording
            }
            if !isRecording { continuation.resume() }
        }
    }
}

extension HandlerRun.State {
    /// The number of the last operation that the history holds of a context.
    fileprivate mutating func lastPlace(in prefix: String) -> Int {
        let places = places ?? RecordedPlaces(of: rows.values.lazy.map(\.operation.identity))
        self.places = places
        return places.last(in: prefix)
    }

    /// Takes in rows that others changed, and wakes the strands that wait for them.
    mutating func merge(_ operations: [Operation], order: UInt64, _ consequences: inout Consequences) {
        // By index, since most rows are not worth a copy.
        for index in operations.indices where operations[index].isReadAgain {
            let operation = operations[index]
            let id = operation.identity.id
            if let known = rows[id], known.order > order { continue }
            rows[id] = KnownRow(
                operation: operation, order: order, position: rows[id]?.position ?? rows.count)
            if case .execution(_, let request?) = operation.details, cancelRequest == nil {
                cancelRequest = request
                consequences.isCancelRequested = true
                // Whatever operation a strand waits for, it is to hear of this.
                for strand in waiting.inOrder {
                    if case .row? = strand.awaited { wake(strand, .changed, &consequences) }
                }
            } else if !operation.isAwaited, let strand = waiting[id] {
                wake(strand, .changed, &consequences)
            }
        }
    }

    /// Lets a strand go on, if it waits.
    mutating func wake(_ strand: Strand, _ waking: Waking, _ consequences: inout Consequences) {
        guard let continuation = waiting.remove(strand) else { return }
        strand.isActive = true
        activeCount += 1
        consequences.wakings.append((continuation, waking))
    }
}

extension OperationUpdate {
    /// Whether the update ends the context.
    fileprivate func ends(_ context: OperationID) -> Bool {
        identity.id == context && (action == .succeed || action == .fail)
    }
}

extension Operation {
    /// Whether the handler can do nothing about the operation but wait.
    var isAwaited: Bool {
        switch identity.type {
        case .step: status == .pending
        case .wait, .callback, .chainedInvoke: status == .started
        case .context, .execution: false
        }
    }

    /// Whether anybody looks at the row again in this run. What the handler itself has just done to a step or a context it
    /// need not be told, and a long run keeps no rows of it.
    fileprivate var isReadAgain: Bool {
        switch identity.type {
        case .step, .context: status == .ready || status == .pending
        case .wait, .callback, .chainedInvoke, .execution: true
        }
    }
}

extension HandlerRun {
    /// What goes on in place of an error: where a serdes could not be reached, the invocation is over, and is tried again.
    func passing(_ error: any Error, on strand: Strand) -> any Error {
        guard let error = error as? SerdesError, error.code == .unavailable else { return error }
        guard !state.withLock({ $0.isOver(for: strand) }) else { return Suspension() }
        return end(.failed(RecordedError(error).object))
    }
}

/// A rule or a limit that an update breaks. Never reaches user code.
struct RefusedUpdate: Error {
    var error: ErrorObject
}
