import Dispatch
import Synchronization

/// An executor that runs one job at a time, and picks the next one by a seed: so a handler's branches take turns in an order
/// that no scheduler would choose.
final class SeededExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "seeded")
    private let state: Mutex<State>

    private struct State {
        var jobs: [UnownedJob] = []
        var isDraining = false
        var random: UInt64

        mutating func next() -> UnownedJob? {
            guard !jobs.isEmpty else {
                isDraining = false
                return nil
            }
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            jobs.swapAt(Int((random >> 33) % UInt64(jobs.count)), jobs.count - 1)
            return jobs.removeLast()
        }
    }

    init(seed: UInt64 = 0) {
        state = Mutex(State(random: seed))
    }

    /// Begins another order.
    func reseed(_ seed: UInt64) {
        state.withLock { $0.random = seed }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustDrain = state.withLock { state in
            state.jobs.append(job)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustDrain { queue.async { self.drain() } }
    }

    private func drain() {
        while let job = state.withLock({ $0.next() }) { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
