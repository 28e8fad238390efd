/// Appenders that wait for room, completions before new work, each in the order of their coming.
struct RoomWaiters: Sendable {
    struct Waiter: Sendable {
        var cost: Int
        var priority: ReservationPriority
        var continuation: UnsafeContinuation<Result<Void, LogError>, Never>

        func resume(throwing error: LogError) {
            continuation.resume(returning: .failure(error))
        }
    }

    /// What a waiter gets to hear, once the lock is released.
    struct Answer: Sendable {
        var waiter: Waiter
        var result: Result<Void, LogError>

        func deliver() {
            waiter.continuation.resume(returning: result)
        }
    }

    private var completions = Queue()
    private var news = Queue()

    /// Whether an append of this priority would overtake one that waits.
    func mustQueue(_ priority: ReservationPriority) -> Bool {
        completions.first != nil || (priority == .new && news.first != nil)
    }

    /// The one whose turn is next.
    var first: Waiter? { completions.first ?? news.first }

    mutating func append(_ waiter: Waiter) {
        switch waiter.priority {
        case .completion: completions.waiters.append(waiter)
        case .new: news.waiters.append(waiter)
        }
    }

    mutating func removeFirst() {
        if completions.first != nil { completions.removeFirst() } else { news.removeFirst() }
    }

    mutating func takeAll() -> [Waiter] {
        defer {
            completions = Queue()
            news = Queue()
        }
        return Array(completions.waiters[completions.head...] + news.waiters[news.head...])
    }

    /// First in, first out, without moving the rest at each removal.
    private struct Queue: Sendable {
        var waiters: [Waiter] = []
        var head = 0

        var first: Waiter? { head < waiters.count ? waiters[head] : nil }

        mutating func removeFirst() {
            head += 1
            if head == waiters.count || head >= 1_024 {
                waiters.removeFirst(head)
                head = 0
            }
        }
    }
}
