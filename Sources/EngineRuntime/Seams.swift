import ExecutionModel
import LogStorage

/// Everything through which the world reaches the engine: files, time, randomness and scheduling.
///
/// Production uses the defaults. A simulation replaces all four, and then the same seed gives the same bytes.
package struct Seams: Sendable {
    package var fileSystem: any LogFileSystem
    package var clock: any EngineClock
    /// Nil: the system's generator. A number: a generator seeded with it.
    package var seed: UInt64?
    /// Where handlers run. Nil: the global pool.
    package var executor: (any TaskExecutor)?
    /// Whether the engine runs the timer loop on a thread of its own. False: whoever owns the clock calls
    /// ``EngineRuntime/stepTimers()``.
    package var runsTimers: Bool
    /// Called, outside every lock, when no invocation is in flight and no effect is pending: the moment at which a
    /// virtual clock may advance.
    package var onQuiet: (@Sendable () -> Void)?

    package init(
        fileSystem: any LogFileSystem = PosixFileSystem(), clock: any EngineClock = SystemClock(), seed: UInt64? = nil,
        executor: (any TaskExecutor)? = nil, runsTimers: Bool = true, onQuiet: (@Sendable () -> Void)? = nil
    ) {
        self.fileSystem = fileSystem
        self.clock = clock
        self.seed = seed
        self.executor = executor
        self.runsTimers = runsTimers
        self.onQuiet = onQuiet
    }
}
