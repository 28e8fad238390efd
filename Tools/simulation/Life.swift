import EngineRuntime
import ExecutionModel
import Indelible
import IndelibleTesting
import LogStorage
import Logging
import Synchronization

/// One opening of the engine, from its first job to its close or its loss. It has an executor and a clock of its own, so
/// that what goes on in it after it is lost touches nothing that counts.
final class Life: Sendable {
    let number: Int
    let disk: SimulatedDisk
    let clock: VirtualClock
    let executor: SeededExecutor
    let promises: Promises
    let trace: Trace
    /// Whether its disk has lied, now or before.
    let mayBeDamaged: Bool
    private let state = Mutex(State())

    enum Phase: Equatable {
        case opening
        case open
        /// A close was asked for.
        case closing
        case closed
        /// It could not be opened, for that reason.
        case refused(DurableEngineError.Code, String)
    }

    private struct State {
        var phase = Phase.opening
        var engine: DurableEngine?
        var runtime: EngineRuntime?
        var isLost = false
        /// Whether its disk is full, or was.
        var wasFull = false
        /// Whether somebody was told that something on the disk is not what was written.
        var hasNamedDamage = false
        /// Tasks of this life that have not come to an end, its handlers' excepted.
        var callCount = 0
    }

    init(
        number: Int, disk: SimulatedDisk, now: Timestamp, seed: UInt64, promises: Promises, trace: Trace,
        mayBeDamaged: Bool = false
    ) {
        self.number = number
        self.disk = disk
        clock = VirtualClock(now: now)
        executor = SeededExecutor(seed: seed)
        self.promises = promises
        self.trace = trace
        self.mayBeDamaged = mayBeDamaged
        if disk.capacity < .max { state.withLock { $0.wasFull = true } }
    }

    var phase: Phase { state.withLock { $0.phase } }
    var engine: DurableEngine? { state.withLock { $0.engine } }
    /// Known from when the log is open, which is before the engine is.
    var runtime: EngineRuntime? { state.withLock { $0.runtime } }
    /// Nothing that happens in it counts any more.
    var isLost: Bool { state.withLock { $0.isLost } }
    /// How many calls from outside have no answer yet.
    var callCount: Int { state.withLock { $0.callCount } }

    var hasNamedDamage: Bool { state.withLock { $0.hasNamedDamage } }

    var hasFailed: Bool {
        guard case .failed? = runtime?.health else { return false }
        return true
    }

    func fillDisk(leaving byteCount: Int) {
        disk.capacity = disk.usedByteCount + byteCount
        state.withLock { $0.wasFull = true }
    }

    func sleep(_ duration: Duration) async throws {
        try await clock.sleep(duration) {}
    }

    // MARK: Opening and closing

    /// Begins to open what is on the disk. Jobs and steps do the rest.
    ///
    /// - Parameter check: Is run when it is open; what it throws breaks a promise, unless something else explains it.
    func open(
        _ program: Program, _ options: EngineOptions, _ maintenance: MaintenanceOptions, seed: UInt64,
        check: @escaping @Sendable (DurableEngine) async throws -> Void
    ) {
        var runtimeOptions = RuntimeOptions(options)
        runtimeOptions.maintenance = maintenance
        let clock = clock
        let seams = Seams(
            fileSystem: disk, clock: clock, seed: seed, executor: executor, pool: executor,
            sleep: { try await clock.sleep($0) {} }, runsThreads: false, runsTimers: false,
            onRecovered: { [self] runtime in state.withLock { $0.runtime = runtime } })
        let waits = EngineWaits(sleep: seams.sleep, after: { clock.after($0, $1) })
        executor.start { [self, runtimeOptions] in
            do {
                let engine = try await DurableEngine.open(
                    at: Self.directory, functions: program.engineFunctions(in: self), options: options,
                    runtimeOptions: runtimeOptions, seams: seams, waits: waits)
                state.withLock { state in
                    state.engine = engine
                    if state.phase == .opening { state.phase = .open }
                }
                self.check(check)
            } catch {
                let error = error as? DurableEngineError
                state.withLock {
                    $0.phase = .refused(error?.code ?? .closed, "\(error?.message ?? "an error of no engine")")
                }
            }
        }
    }

    static let directory = "log"

    func close(grace: Duration) {
        guard let runtime else { return }
        state.withLock { $0.phase = .closing }
        executor.start { [self] in
            do throws(RuntimeError) {
                try await runtime.close(grace: grace)
            } catch {
                // Its log has failed, now or before: the next opening says what is left.
            }
            state.withLock { $0.phase = .closed }
        }
    }

    /// Makes everything that this life still does count for nothing.
    func lose() { state.withLock { $0.isLost = true } }

    /// Ends what is left of a lost or closed life: cancels its handlers, answers its callers, frees its memory.
    ///
    /// - Returns: False: it does not come to an end.
    func windDown() -> Bool {
        lose()
        disk.stopFailing()
        disk.capacity = .max
        if phase != .closed { close(grace: .zero) }
        for _ in 0..<100_000 {
            if executor.runNext() { continue }
            if let runtime, runtime.stepWriter() || runtime.stepPreparer() || runtime.stepLoader() { continue }
            if let deadline = clock.nextDeadline {
                clock.move(to: deadline)
                continue
            }
            return callCount == 0
        }
        return false
    }

    // MARK: Calls from outside

    /// Looks at what is there.
    func check(_ body: @escaping @Sendable (DurableEngine) async throws -> Void) {
        call { [self] engine in
            do {
                try await body(engine)
            } catch {
                // Damage that a disk has done which lied is found where it is read, and named.
                let isNamedDamage = mayBeDamaged && ((error as? RuntimeError)?.namesDamage ?? false)
                let isOfFullDisk = state.withLock { $0.wasFull } && ((error as? RuntimeError)?.isOfRoom ?? false)
                let isExplained =
                    isLost || phase != .open || hasFailed || isNamedDamage || isOfFullDisk
                    || disk.operations.contains(where: \.failed)
                if !isExplained { promises.breaks("what is there cannot be looked at: \(error)") }
            }
        }
    }

    /// Asks the engine for something, as a caller would, in a task of its own.
    func call(_ body: @escaping @Sendable (DurableEngine) async throws -> Void) {
        guard let engine else { return }
        state.withLock { $0.callCount += 1 }
        executor.start { [self] in
            do {
                try await body(engine)
            } catch {
                // A refusal, or an engine that ends: the caller knows nothing, so nothing is promised.
                trace.say("refused: \(error)")
                if (error as? RuntimeError)?.namesDamage ?? false { state.withLock { $0.hasNamedDamage = true } }
            }
            state.withLock { $0.callCount -= 1 }
        }
    }
}

extension RuntimeError {
    /// Whether it says that the log has no room for what was asked.
    fileprivate var isOfRoom: Bool { if case .log(.noRoom) = self { true } else { false } }

    /// Whether it says that something on the disk is not what was written.
    fileprivate var namesDamage: Bool {
        switch self {
        case .log(.damaged), .index, .unreadableFile, .unreadableSnapshot, .unreadableExecution, .payloadMissing: true
        default: false
        }
    }
}
