import DequeModule
import EngineRuntime
import ExecutionEngine
import ExecutionModel
import Synchronization

/// The runs of suspended executions that an engine keeps in memory, so that they go on without a replay.
///
/// A run costs about 15 KB, most of it the stack of its task, and what its handler holds. The one that has been suspended
/// for longest makes room for the newest: it is unwound, and its execution replays when it goes on. Nothing in the record
/// tells the two apart.
final class RunCache: ParkedHandlers {
    private let capacity: Int
    private let pool: (any TaskExecutor)?
    private let state = Mutex(State())

    private struct State {
        var runs: [ExecutionNumber: Parked] = [:]
        /// In the order in which they were parked; entries whose run has been taken out are passed over.
        var order = Deque<(execution: ExecutionNumber, stamp: UInt64)>()
        var lastStamp: UInt64 = 0

        private func isStale(_ entry: (execution: ExecutionNumber, stamp: UInt64)) -> Bool {
            runs[entry.execution]?.stamp != entry.stamp
        }

        mutating func dropStale() {
            order.removeAll { [runs] entry in runs[entry.execution]?.stamp != entry.stamp }
        }

        mutating func evictOldest() -> HandlerRun? {
            while let oldest = order.popFirst() {
                if !isStale(oldest) { return runs.removeValue(forKey: oldest.execution)?.run }
            }
            return nil
        }
    }

    private struct Parked {
        var run: HandlerRun
        var registrationCount: Int
        var stamp: UInt64
        var resume: @Sendable (HandlerRun, Invocation) async -> InvocationOutcome?
    }

    /// - Parameters:
    ///   - capacity: Runs kept at most; at least 1.
    ///   - pool: Where runs are unwound that may not be where they are given up; nil: on the global pool.
    init(capacity: Int, pool: (any TaskExecutor)? = nil) {
        self.capacity = capacity
        self.pool = pool
    }

    /// How many runs are kept.
    var count: Int { state.withLock { $0.runs.count } }

    func park(_ run: HandlerRun, _ space: ParkingSpace) {
        let evicted = state.withLock { state -> HandlerRun? in
            state.lastStamp += 1
            state.runs[space.execution] = Parked(
                run: run, registrationCount: space.registrationCount, stamp: state.lastStamp, resume: space.resume)
            state.order.append((space.execution, state.lastStamp))
            // A run that stays for long would keep the entries behind it, however often those come and go.
            if state.order.count > 2 * capacity + 64 { state.dropStale() }
            return state.runs.count > capacity ? state.evictOldest() : nil
        }
        evicted?.unwind()
    }

    /// Takes out a run that is over, if it is still the one that is kept for its execution.
    func remove(_ run: HandlerRun, _ space: ParkingSpace) {
        state.withLock { state in
            if state.runs[space.execution]?.run === run { state.runs[space.execution] = nil }
        }
    }

    func claim(_ execution: ExecutionNumber, registrationCount: Int) -> (any ParkedHandler)? {
        guard let parked = state.withLock({ $0.runs.removeValue(forKey: execution) }) else { return nil }
        guard parked.registrationCount == registrationCount, !parked.run.isOver else {
            // Other code, or an invocation that was taken back while it was being parked. It must not run under whatever
            // lock the caller holds.
            unwindElsewhere(parked.run)
            return nil
        }
        return Claimed(run: parked.run, resuming: parked.resume)
    }

    func drop(_ execution: ExecutionNumber) {
        guard let parked = state.withLock({ $0.runs.removeValue(forKey: execution) }) else { return }
        unwindElsewhere(parked.run)
    }

    func dropAll() {
        let runs = state.withLock { state in
            defer {
                state.runs = [:]
                state.order = []
            }
            return state.runs.values.sorted { $0.stamp < $1.stamp }.map(\.run)
        }
        for run in runs { run.unwind() }
    }

    private func unwindElsewhere(_ run: HandlerRun) {
        Task(executorPreference: pool) { run.unwind() }
    }

    /// A run that its execution has taken out, to go on with it.
    private struct Claimed: ParkedHandler {
        let run: HandlerRun
        let resuming: @Sendable (HandlerRun, Invocation) async -> InvocationOutcome?

        func resume(_ invocation: Invocation) async -> InvocationOutcome? {
            await resuming(run, invocation)
        }

        func drop() {
            run.unwind()
        }
    }
}

/// Where a run is kept while its execution is suspended.
struct ParkingSpace: Sendable {
    let cache: RunCache
    let execution: ExecutionNumber
    /// Which code the run runs.
    let registrationCount: Int
    /// Goes on with a parked run in a new invocation.
    let resume: @Sendable (HandlerRun, Invocation) async -> InvocationOutcome?

    func park(_ run: HandlerRun) {
        cache.park(run, self)
        // Taken back meanwhile, with its execution's end perhaps, which has looked for it too early.
        if run.isOver { remove(run) }
    }

    func remove(_ run: HandlerRun) {
        cache.remove(run, self)
    }
}
