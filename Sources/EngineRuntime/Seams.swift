import ExecutionModel
import LogStorage

/// Everything through which the world reaches the engine: files, time, randomness and scheduling.
///
/// Production uses the defaults. A simulation replaces all four and is the only thread there is, and then the same seed
/// gives the same bytes.
package struct Seams: Sendable {
    package var fileSystem: any LogFileSystem
    package var clock: any EngineClock
    /// Nil: the system's generator. A number: a generator seeded with it.
    package var seed: UInt64?
    /// Where handlers run. Nil: the global pool.
    package var executor: (any TaskExecutor)?
    /// Where tasks of the engine's own and the bodies of steps run. Nil: the global pool, which a handler that blocks does
    /// not stop.
    package var pool: (any TaskExecutor)?
    /// Lets time pass for who waits by no recorded moment, such as the grace of a close.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// Whether the log's writer and preparer, and calls that block, have threads of their own. False: whoever owns the
    /// engine calls ``EngineRuntime/stepWriter()`` and ``EngineRuntime/stepPreparer()``, and calls block where they are made.
    package var runsThreads: Bool
    /// Whether the engine runs the timer loop on a thread of its own. False: whoever owns the clock calls
    /// ``EngineRuntime/stepTimers()``.
    package var runsTimers: Bool
    /// Whether the index, snapshots and evictions have a thread of their own. False: whoever owns the engine calls
    /// ``EngineRuntime/stepMaintenance()``.
    package var runsMaintenance: Bool
    /// Called when the log is open and before anything of it moves: from here on the engine needs its steps.
    package var onRecovered: (@Sendable (EngineRuntime) -> Void)?
    /// Called, outside every lock, when no invocation is in flight and no effect is pending: the moment at which a
    /// virtual clock may advance.
    package var onQuiet: (@Sendable () -> Void)?

    package init(
        fileSystem: any LogFileSystem = PosixFileSystem(), clock: any EngineClock = SystemClock(), seed: UInt64? = nil,
        executor: (any TaskExecutor)? = nil, pool: (any TaskExecutor)? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        runsThreads: Bool = true, runsTimers: Bool = true, runsMaintenance: Bool = true,
        onRecovered: (@Sendable (EngineRuntime) -> Void)? = nil,
        onQuiet: (@Sendable () -> Void)? = nil
    ) {
        self.fileSystem = fileSystem
        self.clock = clock
        self.seed = seed
        self.executor = executor
        self.pool = pool
        self.sleep = sleep
        self.runsThreads = runsThreads
        self.runsTimers = runsTimers
        self.runsMaintenance = runsMaintenance
        self.onRecovered = onRecovered
        self.onQuiet = onQuiet
    }
}

extension Seams {
    /// Starts a task of the engine's own.
    func start(_ body: @escaping @Sendable () async -> Void) {
        // Not with a preference of nil, which costs a look-up at every switch of the task.
        if let pool { Task(executorPreference: pool, operation: body) } else { Task(operation: body) }
    }

    /// Runs a call that blocks where nothing waits for its thread.
    func blocking<R: Sendable, E: Error>(_ body: @escaping @Sendable () throws(E) -> R) async throws(E) -> R {
        runsThreads ? try await onOwnThread(body) : try body()
    }
}
