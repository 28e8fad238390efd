import ExecutionModel
import Synchronization

/// One run of a handler from its beginning: what its contexts share, and what its driver waits for.
///
/// Its rows are what the handler replays from. It serves one invocation; or several, one after the other, where it is
/// parked between them. When its end comes before the handler's (it is suspended and not parked, taken back, or
/// refused), it is poisoned: every durable call throws at once, and what the handler returns or throws is ignored.
final class HandlerRun: Sendable {
    /// A handler that makes this many durable calls after its suspension swallows the error in a loop: it is parked for
    /// good.
    static let poisonedCallsMax = 100

    let execution: ExecutionFacts
    let function: InvocableFunction
    let environment: HandlerEnvironment
    /// The serdes of an operation that names none.
    let serdes: any Serdes
    /// Where the run is kept while its execution is suspended; nil: nowhere.
    let parking: ParkingSpace?
    /// The handler's own strand.
    let root = Strand()
    /// Whether somebody has asked the execution to end. Kept outside the lock, since every durable call asks.
    let isCancelRequested = Atomic<Bool>(false)
    let state: Mutex<State>

    struct State {
        var rows: [OperationID: KnownRow]
        /// How far the history goes in each context; nil until somebody asks.
        var places: RecordedPlaces?
        /// Of the current invocation, its operations taken out.
        var input: HandlerInput
        /// What observes the current invocation; nil: nobody does.
        var instruments: Instruments?
        /// What its observers have been told of operations.
        var watch = OperationWatch()
        var cancelRequest: CancelRequest?
        var ending: InvocationEnding?
        /// Whether the engine has taken the current invocation back.
        var isCancelled = false
        /// Strands that run, and a refresh that is under way. At zero the handler can go no further by itself.
        var activeCount = 1
        /// Strands that wait for a row or a branch.
        var waiting = WaitingStrands()
        var isRefreshing = false
        /// Something has changed that no reply has told yet.
        var hasNews = false
        /// A request for the execution's end is among it.
        var hasCancelNews = false
        var task: Task<Void, Never>?
        /// Who waits for what the current invocation comes to; nil between invocations.
        var driver: UnsafeContinuation<HandlerOutcome, Never>?
        /// What the run came to while nobody waited for it.
        var settled: HandlerOutcome?
    }

    init(_ function: InvocableFunction, _ input: HandlerInput, parking: ParkingSpace?) {
        self.function = function
        serdes = function.options.serdes
        self.parking = parking
        execution = input.execution
        environment = input.environment
        var rows: [OperationID: KnownRow] = [:]
        rows.reserveCapacity(input.operations.count)
        for (position, row) in input.operations.enumerated() {
            rows[row.identity.id] = KnownRow(operation: row, order: input.order, position: position)
        }
        var request: CancelRequest?
        if case .execution(_, let recorded)? = input.operations.first?.details { request = recorded }
        isCancelRequested.store(request != nil, ordering: .relaxed)
        let instruments = Instruments(
            input, isFirst: input.operations.count <= 1, payload: input.operations.first?.inputBytes)
        var state = State(rows: rows, input: input, instruments: instruments, cancelRequest: request)
        if instruments != nil { state.watch.note(input.updatedRows) }
        state.input.operations = []
        self.state = Mutex(state)
    }

    /// The current invocation's id.
    var requestID: String { state.withLock { $0.input.requestID } }

    /// What observes the current invocation; nil: nobody does.
    var instruments: Instruments? {
        environment.plugins.isEmpty ? nil : state.withLock { $0.instruments }
    }

    /// The request to end, if there is one.
    var cancelRequest: CancelRequest? { state.withLock { $0.cancelRequest } }

    /// Whether nothing of the run counts any more.
    var isOver: Bool { state.withLock { $0.ending != nil } }

    var isSuspending: Bool {
        state.withLock { $0.ending != nil || $0.isCancelled }
    }

    /// Whether the invocation is over for a strand: that of a branch also when its batch is.
    func isSuspending(_ strand: Strand) -> Bool {
        state.withLock { $0.isOver(for: strand) || $0.isCancelled }
    }

    /// Whether the engine has taken the invocation back: an error thrown after that is no outcome.
    var isCancelled: Bool {
        state.withLock { $0.isCancelled }
    }
}

/// A row as the run knows it.
struct KnownRow {
    var operation: Operation
    /// Which reply told it: of two that come out of order, the greater one is right.
    var order: UInt64
    /// Its place among the rows, in the order in which they became known.
    var position: Int
}

extension HandlerRun.State {
    /// Whether the invocation is over for a strand.
    func isOver(for strand: Strand) -> Bool {
        ending != nil || strand.isOrphaned
    }

    /// Whether the handler can do nothing about the operation but wait.
    func isAwaited(_ id: OperationID) -> Bool {
        rows[id]?.operation.isAwaited ?? false
    }
}

/// What a change of a run's state leads to, done once the lock is free.
struct Consequences {
    var wakings: [(strand: UnsafeContinuation<Waking, Never>, waking: Waking)] = []
    var resumed: [UnsafeContinuation<Void, Never>] = []
    var cancelled: [Task<Void, Never>] = []
    var isCancelRequested = false
    var parks = false
    var refreshes = false
    var outcome: (driver: UnsafeContinuation<HandlerOutcome, Never>, outcome: HandlerOutcome)?
}

extension HandlerRun {
    /// Changes the state under the lock, and then does what follows from it.
    func change<Result>(_ body: (inout State, inout Consequences) -> Result) -> Result {
        var consequences = Consequences()
        let result = state.withLock { state in body(&state, &consequences) }
        // Before anybody is woken who asks for it.
        if consequences.isCancelRequested { isCancelRequested.store(true, ordering: .releasing) }
        for task in consequences.cancelled { task.cancel() }
        // In the cache before the engine hears of the suspension: it may invoke again at once.
        if consequences.parks { parking?.park(self) }
        for (strand, waking) in consequences.wakings { strand.resume(returning: waking) }
        for continuation in consequences.resumed { continuation.resume() }
        if consequences.refreshes { refresh() }
        if let (driver, outcome) = consequences.outcome { driver.resume(returning: outcome) }
        return result
    }
}
