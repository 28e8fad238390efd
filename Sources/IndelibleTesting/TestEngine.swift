import EngineRuntime
import ExecutionModel
import Foundation
import Indelible
import LogStorage
import Synchronization

/// A real engine for tests, on a disk in memory and with a clock of its own: a wait of 30 days takes milliseconds, and
/// the machine can lose power at any moment.
///
/// ```swift
/// let test = try await TestEngine(functions: [remind])
/// let execution = try await test.engine.start(remind, input: "rent")
/// try await test.crash()
/// let handle = try await test.engine.execution(id: execution.id, of: remind)
/// #expect(try await handle?.result() == "sent")
/// ```
///
/// Time stands still while a handler runs or anything is on its way to the disk. It moves to the next timer by itself
/// while, and only while, somebody waits in `ExecutionHandle.result(timeout:)`; ``advance(by:waitsForHandlers:)`` moves it
/// otherwise. What takes real time in a step's body takes none of the test's.
public final class TestEngine: Sendable {
    private let clock: VirtualClock
    private let driver: ClockDriver
    private let options: EngineOptions
    private let seed: UInt64
    private let probe: (any HandlerProbe)?
    private let current: Mutex<Current>

    private struct Current: Sendable {
        var engine: DurableEngine?
        var disk: SimulatedDisk
        var functions: [any EngineFunction]
        var openings: UInt64 = 0
    }

    /// Makes an empty log and opens it.
    ///
    /// - Parameters:
    ///   - seed: Ids, and what a power cut takes with it, follow from it: the same seed, the same run.
    ///   - startTime: What the clock shows first.
    ///   - options: As an engine's; its log's files are small unless it says otherwise.
    public convenience init(
        functions: [any EngineFunction], seed: UInt64 = 1,
        startTime: Date = Date(timeIntervalSince1970: 1_764_547_200),
        options: EngineOptions = EngineOptions(segmentSizes: [256 << 10])
    ) async throws {
        try await self.init(functions: functions, seed: seed, startTime: startTime, options: options, probe: nil)
    }

    /// With somebody who watches handlers come to their durable boundaries.
    package init(
        functions: [any EngineFunction], seed: UInt64 = 1,
        startTime: Date = Date(timeIntervalSince1970: 1_764_547_200),
        options: EngineOptions = EngineOptions(segmentSizes: [256 << 10]), probe: (any HandlerProbe)?
    ) async throws {
        let milliseconds = Int64((startTime.timeIntervalSince1970 * 1_000).rounded())
        clock = VirtualClock(now: Timestamp(millisecondsSinceEpoch: milliseconds))
        driver = ClockDriver(clock)
        var options = options
        if let count = Self.parkedHandlersMax { options.parkedHandlersMax = count }
        // A disk in memory rots when a test says so.
        options.scrubBytesPerSecond = 0
        self.options = options
        self.seed = seed
        self.probe = probe
        current = Mutex(Current(engine: nil, disk: SimulatedDisk(seed: seed), functions: functions))
        try await open()
    }

    /// What ``EngineOptions/parkedHandlersMax`` is in place of what a test says: for running one test both ways.
    @TaskLocal package static var parkedHandlersMax: Int?
    /// Bytes of a payload that a reopened engine keeps in memory: 0 for a test in which it reads all of them from the log.
    @TaskLocal package static var payloadLengthInMemoryMax: Int?

    /// The engine that is open now: another one after every ``restart(functions:grace:)`` and ``crash(functions:)``.
    public var engine: DurableEngine {
        current.withLock { current in
            guard let engine = current.engine else { preconditionFailure("the test engine is not open") }
            return engine
        }
    }

    /// Nil while it is being opened again.
    package var openEngine: DurableEngine? {
        current.withLock { $0.engine }
    }

    /// What the engine's log is on.
    package var disk: SimulatedDisk {
        current.withLock { $0.disk }
    }

    /// The test's time.
    public var now: Date {
        Date(timeIntervalSince1970: Double(clock.now().millisecondsSinceEpoch) / 1_000)
    }

    /// Lets time pass: each timer on the way fires at its moment, and what it causes is done before the next one.
    ///
    /// - Parameter waitsForHandlers: False: time passes at once although handlers run, as it does for one that hangs.
    public func advance(by duration: Duration, waitsForHandlers: Bool = true) async {
        precondition(duration >= .zero, "time does not go back")
        if waitsForHandlers {
            await driver.advance(by: Milliseconds(duration))
        } else {
            await driver.jump(by: Milliseconds(duration))
        }
    }

    /// Returns when no handler runs and everything that was asked is recorded: every execution has ended or waits.
    public func settle() async {
        await driver.settle()
    }

    /// Closes the engine and opens it again, as a deployment does.
    ///
    /// - Parameters:
    ///   - functions: The new code; nil: the same.
    ///   - grace: How long handlers have to end, in real time; then they are cancelled.
    public func restart(functions: [any EngineFunction]? = nil, grace: Duration = .seconds(10)) async throws {
        try await engine.close(grace: grace)
        if let functions { current.withLock { $0.functions = functions } }
        try await open()
    }

    /// Cuts the power and opens what the disk kept: whatever was acknowledged, and an arbitrary part of the rest.
    ///
    /// Handlers that run are cancelled; nothing they still do is recorded.
    ///
    /// - Parameter functions: The new code; nil: the same.
    public func crash(functions: [any EngineFunction]? = nil) async throws {
        await lose(functions, keeping: .whatASyncKept).close()
        try await open()
    }

    /// Ends the process, as SIGKILL does, and opens what it had written: acknowledged or not, synced or not.
    ///
    /// - Parameter functions: The new code; nil: the same.
    public func kill(functions: [any EngineFunction]? = nil) async throws {
        await lose(functions, keeping: .everyWrite).close()
        try await open()
    }

    /// What becomes of the disk of an engine that is lost.
    package enum Kept: Sendable {
        /// What was synced, and an arbitrary part of the rest.
        case whatASyncKept
        case everyWrite
    }

    /// Returns when nothing is on its way to the disk: what is lost then does not depend on how quick the log's threads are.
    package func written() async {
        while let engine = openEngine, !engine.runtime.hasWritten { await Task.yield() }
    }

    /// Loses the engine as it is now. What its handlers still do is on no disk; nothing is open until ``open()``.
    package func lose(_ functions: [any EngineFunction]? = nil, keeping kept: Kept) -> LostEngine {
        current.withLock { current in
            if let functions { current.functions = functions }
            let lost = current.engine
            current.engine = nil
            current.disk =
                switch kept {
                case .whatASyncKept: current.disk.crashed(seed: seed &+ current.openings)
                case .everyWrite: current.disk.afterProcessKill()
                }
            return LostEngine(engine: lost)
        }
    }

    /// An engine that goes on writing to a disk that nobody reads.
    package struct LostEngine: Sendable {
        fileprivate let engine: DurableEngine?

        /// Frees its threads and cancels its handlers.
        package func close() async {
            do {
                try await engine?.close(grace: .zero)
            } catch {
                // Its log had failed: what became of it on the lost disk concerns nobody.
            }
        }
    }

    /// Opens what the disk holds. For a test engine that was lost or closed.
    package func open() async throws {
        let (disk, functions, openings) = current.withLock { current in
            current.openings += 1
            return (current.disk, current.functions, current.openings)
        }
        let driver = driver
        let clock = clock
        let seams = Seams(
            fileSystem: disk, clock: clock, seed: seed &+ openings, executor: options.handlerExecutor,
            runsTimers: false, runsMaintenance: false,
            onQuiet: { Task { await driver.pump() } })
        let waits = EngineWaits(
            sleep: { try await clock.sleep($0) { Task { await driver.pump() } } },
            after: { clock.after($0, $1) })
        var runtimeOptions = RuntimeOptions(options)
        // The log's clock stands still too: what it would write in two milliseconds it has to write now.
        runtimeOptions.log.unforcedWriteDelay = 0
        runtimeOptions.log.letsAppendersWrite = false
        if let length = Self.payloadLengthInMemoryMax { runtimeOptions.payloadLengthInMemoryMax = length }
        let engine = try await DurableEngine.open(
            at: "log", functions: functions, options: options, runtimeOptions: runtimeOptions, seams: seams,
            waits: waits, probe: probe)
        current.withLock { $0.engine = engine }
        await driver.drive(engine.runtime)
    }
}
