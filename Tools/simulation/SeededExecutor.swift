import Glibc
import LogStorage
import Synchronization

/// The one executor of a simulation: it holds every job until its driver asks for one, and picks that one by a seed.
///
/// Everything of a simulation happens on the thread that made it. A job that comes from another one has escaped the
/// simulation and would not repeat: it is a bug, of the engine's seams or of the simulation, and traps.
final class SeededExecutor: TaskExecutor {
    private let state: Mutex<State>
    private let thread = pthread_self()

    private struct State {
        var jobs: [UnownedJob] = []
        var random: SplitMix64
    }

    init(seed: UInt64) {
        state = Mutex(State(random: SplitMix64(seed: seed)))
    }

    /// How many jobs can run.
    var jobCount: Int { state.withLock { $0.jobs.count } }

    func enqueue(_ job: consuming ExecutorJob) {
        precondition(pthread_equal(thread, pthread_self()) != 0, "a job of a simulation comes from another thread")
        let job = UnownedJob(job)
        state.withLock { $0.jobs.append(job) }
    }

    /// Runs any of the jobs until it suspends or ends.
    /// - Returns: Whether there was one.
    @discardableResult
    func runNext() -> Bool {
        let job = state.withLock { state -> UnownedJob? in
            guard !state.jobs.isEmpty else { return nil }
            let index = Int.random(in: 0..<state.jobs.count, using: &state.random)
            state.jobs.swapAt(index, state.jobs.count - 1)
            return state.jobs.removeLast()
        }
        guard let job else { return false }
        job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    /// Starts a task whose every job runs here.
    func start(_ body: @escaping @Sendable () async -> Void) {
        Task(executorPreference: self, operation: body)
    }
}
