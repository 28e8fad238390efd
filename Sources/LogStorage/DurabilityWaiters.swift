/// What is to run once the log is durable up to an LSN, in the order of LSN and, within one, of registration.
struct DurabilityWaiters {
    struct Waiter: Sendable {
        var lsn: LSN
        var completion: @Sendable (LogError?) -> Void
    }

    private var waiters: [Waiter] = []

    var first: LSN? { waiters.first?.lsn }

    mutating func insert(_ waiter: Waiter) {
        // Almost always the greatest so far.
        var index = waiters.count
        while index > 0, waiters[index - 1].lsn > waiter.lsn { index -= 1 }
        waiters.insert(waiter, at: index)
    }

    /// Moves those at or below `lsn` to `ready`, which is empty; all of them when `lsn` is nil.
    mutating func take(through lsn: LSN?, into ready: inout [Waiter]) {
        precondition(ready.isEmpty, "the completions taken before have not run")
        guard let lsn, let last = waiters.last, last.lsn > lsn else {
            swap(&waiters, &ready)
            return
        }
        let count = waiters.firstIndex { $0.lsn > lsn } ?? waiters.count
        ready.append(contentsOf: waiters[..<count])
        waiters.removeFirst(count)
    }
}
