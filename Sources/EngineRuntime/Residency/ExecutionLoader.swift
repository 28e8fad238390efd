import DequeModule
import ExecutionModel
import LogStorage
import Synchronization

/// Brings executions back into memory that a command is about, that a caller names, or that are due.
///
/// In production a thread of its own calls ``step(_:)``, since it reads the disk; a simulation calls it whenever it likes.
final class ExecutionLoader: Sendable {
    /// What is to be brought in.
    enum Wish: Hashable, Sendable {
        case execution(ExecutionNumber)
        /// Every execution of which ``NameHash`` is this one.
        case name(UInt64)
    }

    private typealias Waiter = UnsafeContinuation<Result<Void, RuntimeError>, Never>

    private struct Queue: Sendable {
        var wishes = Deque<Wish>()
        /// Who waits for each of them: nobody, for one that is only due.
        var waiters: [Wish: [Waiter]] = [:]
        /// How many are being met. Who wishes for the same meanwhile wishes anew: what was found to be in memory may have left.
        var loadingCount = 0
        var isStopped = false
        /// Whether the thread is there: an engine whose executions are all in memory has none.
        var hasThread = false
    }

    private let queue = Mutex(Queue())
    private let signal = WakeSignal()

    /// As many wishes are met by one turn of the engine.
    static let batchCount = 64

    /// Suspends until what is wished is in memory, or known to be nowhere.
    func bringIn(_ wish: Wish, for runtime: EngineRuntime) async throws(RuntimeError) {
        let result: Result<Void, RuntimeError> = await withUnsafeContinuation { waiter in
            let isStopped = queue.withLock { queue in
                guard !queue.isStopped else { return true }
                if queue.waiters[wish] == nil {
                    // Somebody waits: before those that are only due.
                    queue.wishes.prepend(wish)
                    runtime.beginActivity()
                }
                queue.waiters[wish, default: []].append(waiter)
                return false
            }
            if isStopped { waiter.resume(returning: .failure(.closed)) } else { wake(runtime) }
        }
        try result.get()
    }

    /// Has executions brought in that nobody waits for.
    func request(_ numbers: some Sequence<ExecutionNumber>, for runtime: EngineRuntime) {
        let isAny = queue.withLock { queue in
            guard !queue.isStopped else { return false }
            var isAny = false
            for number in numbers where queue.waiters[.execution(number)] == nil {
                queue.waiters[.execution(number)] = []
                queue.wishes.append(.execution(number))
                runtime.beginActivity()
                isAny = true
            }
            return isAny
        }
        if isAny { wake(runtime) }
    }

    private func wake(_ runtime: EngineRuntime) {
        let starts = queue.withLock { queue in
            let starts = runtime.seams.runsThreads && !queue.hasThread && !queue.isStopped
            queue.hasThread = queue.hasThread || starts
            return starts
        }
        if starts { LogThread { [self] in run(runtime) }.detach() }
        signal.post()
    }

    /// Whether nothing is wished that is not in memory.
    var isIdle: Bool { queue.withLock { $0.waiters.isEmpty && $0.loadingCount == 0 } }

    /// Meets some of the wishes.
    /// - Returns: Whether there were any that could be met now.
    @discardableResult
    func step(_ runtime: EngineRuntime) -> Bool {
        let taken = queue.withLock { queue in
            let wishes = queue.wishes.prefix(Self.batchCount)
            queue.wishes.removeFirst(wishes.count)
            queue.loadingCount += wishes.count
            return wishes.map { ($0, queue.waiters.removeValue(forKey: $0) ?? []) }
        }
        guard !taken.isEmpty else { return false }
        let results = runtime.load(taken.map(\.0))
        let isPutBack = queue.withLock { queue in
            queue.loadingCount -= taken.count
            guard results == nil, !queue.isStopped else { return false }
            for (wish, waiters) in taken.reversed() {
                if queue.waiters[wish] == nil {
                    queue.wishes.prepend(wish)
                } else {
                    runtime.endActivity()
                }
                queue.waiters[wish, default: []] += waiters
            }
            return true
        }
        // The log is under pressure: in a moment.
        if isPutBack { return false }
        for (index, (_, waiters)) in taken.enumerated() {
            let result = results.map { $0[index] } ?? .failure(.closed)
            for waiter in waiters { waiter.resume(returning: result) }
            runtime.endActivity()
        }
        return true
    }

    /// Until ``stop(_:)``.
    func run(_ runtime: EngineRuntime) {
        while true {
            if step(runtime) { continue }
            let (isStopped, hasWishes) = queue.withLock { ($0.isStopped, !$0.wishes.isEmpty) }
            if isStopped { return }
            signal.wait(milliseconds: hasWishes ? 1 : nil)
        }
    }

    /// Nothing more is brought in; who waits is told so.
    func stop(_ runtime: EngineRuntime) {
        let waiters = queue.withLock { queue in
            queue.isStopped = true
            let waiters = queue.wishes.map { queue.waiters.removeValue(forKey: $0) ?? [] }
            queue.wishes = []
            return waiters
        }
        for waiter in waiters.joined() { waiter.resume(returning: .failure(.closed)) }
        for _ in waiters { runtime.endActivity() }
        signal.post()
    }
}
