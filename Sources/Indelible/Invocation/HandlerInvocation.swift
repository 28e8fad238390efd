import ExecutionModel
import Logging
import Synchronization

/// One run of a handler: what its contexts share, and what its driver waits for.
///
/// Its rows are what the handler replays from. When an operation cannot go on, the invocation gets an ending; from then
/// on it is poisoned: every durable call throws at once, and what the handler returns or throws is ignored.
final class HandlerInvocation: Sendable {
    /// A handler that makes this many durable calls after its suspension swallows the error in a loop: it is parked.
    static let poisonedCallsMax = 100

    let input: HandlerInput
    /// The function's own way to turn values into bytes: what an operation uses that names no other.
    let serdes: any Serdes

    private let state: Mutex<State>

    private struct State {
        var rows: [OperationID: Operation]
        var ending: InvocationEnding?
        var isCancelled = false
        var poisonedCalls = 0
        var task: Task<Void, Never>?
        var outcome: HandlerOutcome?
        var driver: UnsafeContinuation<HandlerOutcome, Never>?
    }

    init(_ input: HandlerInput, serdes: any Serdes) {
        self.input = input
        self.serdes = serdes
        var rows: [OperationID: Operation] = [:]
        rows.reserveCapacity(input.operations.count)
        for row in input.operations { rows[row.identity.id] = row }
        state = Mutex(State(rows: rows))
    }

    // MARK: What contexts ask

    /// Whether the history held the operation when this invocation asked.
    func hasRow(_ id: OperationID) -> Bool {
        state.withLock { $0.rows[id] != nil }
    }

    func row(_ id: OperationID) -> Operation? {
        state.withLock { $0.rows[id] }
    }

    /// The row that a handler's operation replays from; nil when the history does not hold it.
    ///
    /// - Throws: ``ReplayError`` when the history holds another operation at that place. The invocation is poisoned.
    func replay(_ identity: OperationIdentity) throws -> Operation? {
        guard let row = row(identity.id) else { return nil }
        guard row.identity == identity else {
            let divergence = Divergence(recorded: row.identity, attempted: identity)
            end(.diverged(divergence))
            throw ReplayError(divergence)
        }
        return row
    }

    /// Lets a durable call begin, or throws at once when the invocation is over.
    nonisolated(nonsending) func admit() async throws {
        let mustPark: Bool? = state.withLock { state in
            if state.isCancelled && state.ending == nil { state.ending = .abandoned }
            guard state.ending != nil else { return nil }
            state.poisonedCalls += 1
            return state.poisonedCalls > Self.poisonedCallsMax
        }
        guard let mustPark else { return }
        if mustPark { await park() }
        throw Suspension()
    }

    /// Records `updates`, takes in what others changed, and returns all that changed.
    ///
    /// - Throws: ``Suspension`` when the invocation is over; ``RefusedUpdate`` when the updates break a rule.
    @discardableResult
    nonisolated(nonsending) func checkpoint(_ updates: [OperationUpdate], forced: Bool) async throws -> [Operation] {
        // User code may have caught the suspension and returned a value: that is no outcome of a step or a context.
        guard state.withLock({ $0.ending == nil }) else { throw Suspension() }
        do throws(BackendError) {
            let changed = try await input.backend.checkpoint(updates, forced: forced)
            let news = changed.filter(Self.isRead)
            if !news.isEmpty {
                state.withLock { state in
                    for row in news { state.rows[row.identity.id] = row }
                }
            }
            return changed
        } catch {
            switch error {
            case .invocationOver: throw end(.abandoned)
            case .unavailable(let error): throw end(.failed(error))
            case .refused(let error): throw RefusedUpdate(error: error)
            }
        }
    }

    /// Whether anybody looks at the row again in this invocation. What the handler itself has just done to a step or a
    /// context it need not be told, and a long run keeps no rows of it.
    private static func isRead(_ row: Operation) -> Bool {
        switch row.identity.type {
        case .step, .context: row.status == .ready || row.status == .pending
        case .wait, .callback, .chainedInvoke, .execution: true
        }
    }

    /// As ``checkpoint(_:forced:)``, for updates without which the handler cannot go on: a refusal fails the execution.
    @discardableResult
    nonisolated(nonsending) func require(_ update: OperationUpdate, forced: Bool) async throws -> [Operation] {
        do {
            return try await checkpoint([update], forced: forced)
        } catch let refusal as RefusedUpdate {
            throw end(.refused(refusal.error))
        }
    }

    // MARK: Its end

    var isSuspending: Bool {
        state.withLock { $0.ending != nil || $0.isCancelled }
    }

    /// Whether the engine has taken the invocation back: an error thrown after that is no outcome.
    var isCancelled: Bool {
        state.withLock { $0.isCancelled }
    }

    /// Poisons the invocation, unless it is poisoned already, and returns what to throw.
    @discardableResult
    func end(_ ending: InvocationEnding) -> Suspension {
        state.withLock { state in
            if state.ending == nil { state.ending = ending }
        }
        return Suspension()
    }

    /// Called when the engine cancels the task that waits for the outcome.
    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        task?.cancel()
    }

    /// Runs `handler` in a task of its own and returns what it came to: when it ends, or when it is parked.
    func run(_ handler: @escaping @Sendable () async -> HandlerOutcome) async -> HandlerOutcome {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { driver in
                state.withLock { $0.driver = driver }
                let task = start { self.settle(await handler()) }
                let isCancelled = state.withLock { state in
                    state.task = task
                    return state.isCancelled
                }
                if isCancelled { task.cancel() }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Not with a preference of nil, which costs a look-up at every switch of the task.
    private func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        guard let executor = input.executor else { return Task(operation: body) }
        return Task(executorPreference: executor, operation: body)
    }

    /// Ends the driver's wait, once. What the handler came to counts only when nothing ended the invocation before.
    private func settle(_ outcome: HandlerOutcome) {
        let (driver, settled) = state.withLock { state in
            defer {
                state.driver = nil
                state.task = nil
            }
            return (state.driver, Self.outcome(of: state, handler: outcome))
        }
        driver?.resume(returning: settled)
    }

    private static func outcome(of state: State, handler outcome: HandlerOutcome) -> HandlerOutcome {
        switch state.ending {
        case .suspended: return .suspended
        case .abandoned: return .abandoned
        case .diverged(let divergence): return .diverged(divergence)
        case .refused(let error): return .failed(error)
        case .failed(let error): return .crashed(error)
        case nil:
            // A cancelled handler that fails says nothing about its execution; one that succeeds has succeeded.
            if state.isCancelled, case .failed = outcome { return .abandoned }
            return outcome
        }
    }

    /// Settles the invocation and never returns: the handler's task stays where it is, without a thread, until the
    /// process ends.
    private nonisolated(nonsending) func park() async {
        input.logger.error(
            """
            a handler went on after its suspension: it made more than \(Self.poisonedCallsMax) durable calls that threw. \
            It is parked for good; let errors of durable calls pass, or leave the loop when context.isSuspending
            """)
        settle(.suspended)
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    }
}

/// A rule or a limit that an update breaks. Never reaches user code.
struct RefusedUpdate: Error {
    var error: ErrorObject
}
