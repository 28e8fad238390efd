import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

/// The engine in this process: joins the pure state machine to the log, the clock and the handlers.
///
/// Every command is one turn under one lock: decide, apply, enqueue. What a turn causes (its reply, invocations to start
/// or cancel, waiters to wake) is released on the log's writer thread, in LSN order, once the turn's events and all that
/// it saw are durable. Nothing suspends, does I/O or runs user code under the lock.
///
/// Timers are armed at once, though, not at the durable LSN: what a timer causes is itself an event with a later LSN, so
/// no effect of it can overtake its cause.
package final class EngineRuntime: Sendable {
    let core: Mutex<Core>
    let log: SegmentedLog
    let options: RuntimeOptions
    let seams: Seams
    let parkedHandlers: (any ParkedHandlers)?
    /// Invocations in flight and turns whose effects are not released yet. At zero the engine is quiet.
    let activity = Atomic<Int>(0)
    /// How many have begun, ended ones included.
    let activitiesBegun = Atomic<UInt64>(0)
    let timerLoop: TimerLoop
    /// Where executions are that are not in memory, and what keeps that up to date.
    let index: ExecutionIndex
    let indexer: Indexer
    let files: IndexFiles
    /// What the opening did not find as it should be, or did in another way than always: for people.
    package let openingNotes: [String]
    let reader: StateReader
    let feed = TimerFeed()
    let loader = ExecutionLoader()
    let maintenance = Maintenance()
    /// What was done since the opening; ``maintenanceCounts`` has the rest too.
    let counts = Mutex(MaintenanceCounts())
    /// Whether the consequences of the log's failure are under way.
    let failureNoted = Atomic<Bool>(false)
    /// Whether the next opening has been told to make the index anew.
    let indexFailureNoted = Atomic<Bool>(false)

    init(
        core: consuming Core, log: SegmentedLog, index: ExecutionIndex, files: IndexFiles, openingNotes: [String],
        options: RuntimeOptions,
        seams: Seams, parkedHandlers: (any ParkedHandlers)?
    ) {
        self.core = Mutex(core)
        self.log = log
        self.index = index
        self.files = files
        self.openingNotes = openingNotes
        self.indexer = Indexer(index: index, tail: log.follow(from: index.position))
        self.reader = StateReader(index: index, log: log, directory: files.directory, options, seams)
        self.options = options
        self.seams = seams
        self.parkedHandlers = parkedHandlers
        self.timerLoop = TimerLoop()
    }

    /// What keeps this engine from taking commands, if anything does.
    package var health: Health {
        core.withLock { core in
            switch core.phase {
            case .running: .running
            case .draining, .closing: .closing
            case .closed: .closed
            case .failed(let error): .failed(error)
            }
        }
    }

    /// What is not as it should be although the engine works: for people.
    package var warnings: [String] {
        let (failure, unreadable) = core.withLock { ($0.maintenanceFailure, $0.unreadable) }
        return openingNotes
            + (failure.map { ["memory and openings are not kept small any more, until the log is opened again: \($0)"] }
                ?? [])
            + unreadable.sorted { $0.key < $1.key }.map { "execution \($0.key.rawValue) cannot be read: \($0.value)" }
    }

    /// Whether no invocation is in flight and no effect is pending: nothing will happen before a timer is due or
    /// somebody asks for something.
    package var isQuiet: Bool { activity.load(ordering: .acquiring) == 0 }

    /// Whether nothing is on its way to the disk.
    package var hasWritten: Bool { log.isIdle }

    /// What is recorded below it survives a loss of power.
    package var durableLSN: LSN { log.durableLSN }

    /// Writes and syncs what is next for the disk: a step of what the log's writer thread does, where it has none.
    /// - Returns: Whether there was anything to do.
    @discardableResult
    package func stepWriter() -> Bool { log.writer.step(now: seams.clock.now().millisecondsSinceEpoch) }

    /// Makes the log's next segment, if that is called for: as ``stepWriter()``.
    @discardableResult
    package func stepPreparer() -> Bool { log.preparer.step() }

    /// Which quiet this is; nil: none. Two equal answers: nothing has happened between them.
    package var quiet: UInt64? {
        // In this order, the reverse of `beginActivity`'s: what begins meanwhile makes the next answer another one.
        let begun = activitiesBegun.load(ordering: .acquiring)
        return isQuiet ? begun : nil
    }

    /// How many invocations are in flight, and how many executions wait for a slot or for their function.
    package var load: (running: Int, waiting: Int) {
        core.withLock { ($0.scheduler.runningCount, $0.scheduler.waitingCount) }
    }

    package enum Health: Sendable {
        case running
        case closing
        case closed
        /// The log failed. Nothing that was asked since is known to be recorded; open the engine again.
        case failed(RuntimeError)
    }
}

/// What the engine's one lock guards.
struct Core: ~Copyable {
    var engine: EngineState
    var scheduler: Scheduler
    var timers = TimerQueue()
    /// When invocations in flight time out.
    var deadlines = TimerQueue()
    var invocations: [ExecutionNumber: InvocationTask] = [:]
    /// Ends of invocations in flight that the log had no room for; it is asked again at their deadline.
    var unrecordedEnds: [ExecutionNumber: InvocationOutcome?] = [:]
    /// Ended executions that a chained invoke had started, and when it is tried again to tell the one that waits.
    var owedToParents = TimerQueue()
    /// When the log is asked again for room to start what waits for it; nil: nothing waits for that.
    var pumpTime: Timestamp?
    /// The last checkpoint of each invocation in flight that gave a token of the client's own.
    var lastCheckpoints: [ExecutionNumber: AnsweredCheckpoint] = [:]
    var endWaiters: [ExecutionNumber: [UInt64: EndWaiter]] = [:]
    var nextWaiterID: UInt64 = 0
    var shutdownWaiters: [UnsafeContinuation<Void, Never>] = []
    var idleWaiters: [UnsafeContinuation<Void, Never>] = []
    /// Executions whose end those know that invoked them, of those in memory.
    var toldParents: Set<ExecutionNumber> = []
    var pins = Pins()
    /// What the tables have of the executions in memory.
    var indexed: [ExecutionNumber: Indexed] = [:]
    /// Executions that are gone, and where that is recorded, until the index has come so far: it must not bring them back.
    var dropped: [ExecutionNumber: LSN] = [:]
    /// Why the maintenance has stopped, if it has.
    var maintenanceFailure: RuntimeError?
    /// Executions that could not be brought into memory, and why.
    var unreadable: [ExecutionNumber: RuntimeError] = [:]
    /// Held executions that may be tried once more, since their function was registered after they were held.
    var retriesOfHeld: Set<ExecutionNumber> = []
    var phase = Phase.running
    /// Engine time never goes back, whatever the clock does.
    var lastTime = Timestamp(millisecondsSinceEpoch: 0)
    var random: RandomSource

    init(engine: EngineState, concurrencyLimit: Int, random: RandomSource) {
        self.engine = engine
        self.scheduler = Scheduler(limit: concurrencyLimit)
        self.random = random
    }

    enum Phase {
        case running
        /// No invocation starts; those in flight may end.
        case draining
        /// Invocations in flight are cancelled, and nothing they say is recorded.
        case closing
        case closed
        case failed(RuntimeError)
    }

    /// A failure is never taken back, by a close that was under way least of all.
    mutating func enter(_ phase: Phase) {
        if case .failed = self.phase { return }
        self.phase = phase
    }

    /// Whether handlers may still write: not after their cancellation, so that none is recorded as an outcome.
    var acceptsCommands: Bool {
        switch phase {
        case .running, .draining: true
        case .closing, .closed, .failed: false
        }
    }

    /// Why a command is refused although it is well formed.
    var refusal: RuntimeError {
        if case .failed(let error) = phase { return error }
        return .closed
    }
}

/// The random source: the system's generator, or one that a seed repeats.
struct RandomSource: RandomNumberGenerator {
    private var seeded: SplitMix64?

    init(seed: UInt64?) {
        seeded = seed.map { SplitMix64(seed: $0) }
    }

    mutating func next() -> UInt64 {
        if let number = seeded?.next() { return number }
        var system = SystemRandomNumberGenerator()
        return system.next()
    }

    mutating func bits() -> RandomBits {
        RandomBits(high: next(), low: next())
    }
}
