import ExecutionModel

/// A moment at which something happens to an operation by itself. In the order in which they happen.
struct Timer: Hashable, Comparable, Sendable {
    enum Kind: UInt8, CaseIterable, Hashable, Sendable {
        case wait, stepRetry, callbackTimeout, callbackHeartbeat
    }

    var due: Timestamp
    var ordinal: OperationOrdinal
    var kind: Kind

    static func < (left: Timer, right: Timer) -> Bool {
        if left.due != right.due { return left.due < right.due }
        return (left.ordinal, left.kind.rawValue) < (right.ordinal, right.kind.rawValue)
    }
}

/// The timers of one execution: a heap whose first entry is the earliest that still holds.
///
/// A timer that no longer holds (a callback was answered, a heartbeat put it off) is not searched for: ``settle(_:)``
/// drops it or puts it where it belongs once it comes first. So a heartbeat costs nothing here, and an operation has one
/// entry for each kind of timer, or two for a moment.
struct TimerQueue: Sendable {
    private var heap = MinHeap<Timer>()

    /// The earliest due time. Exact after ``settle(_:)``.
    var nextDue: Timestamp? { heap.first?.due }

    /// Entries, those included that no longer hold.
    var count: Int { heap.elements.count }

    mutating func add(_ timer: Timer) {
        heap.add(timer)
    }

    /// Makes the first entry one that holds.
    mutating func settle(_ rows: [OperationRow]) {
        while var first = heap.first {
            let due = rows[Int(first.ordinal.rawValue)].due(first.kind)
            if due == first.due { return }
            if let due {
                first.due = due
                heap.replaceFirst(with: first)
            } else {
                _ = heap.popFirst()
            }
        }
    }

    /// The first of what is due at `now`, in the order in which it became due; the first timer of an operation alone.
    ///
    /// Takes time for what it returns and for entries that no longer hold, not for all that is due: thousands may be, and they
    /// are asked for in pieces.
    func due(at now: Timestamp, _ rows: [OperationRow], limit: Int) -> [Timer] {
        var due: [Timer] = []
        var seen: Set<OperationOrdinal> = []
        // What may come next: entries whose parents have been looked at, and timers that have been put off.
        var frontier = MinHeap<Candidate>()
        if let first = heap.first { frontier.add(Candidate(timer: first, index: 0)) }
        while due.count < limit, let next = frontier.popFirst(), next.timer.due <= now {
            var timer = next.timer
            if let index = next.index {
                for child in heap.children(of: index) {
                    frontier.add(Candidate(timer: heap.elements[child], index: child))
                }
                guard let trueDue = rows[Int(timer.ordinal.rawValue)].due(timer.kind) else { continue }
                // Entries stand at or before their true time, so nothing due hides below an entry that is not.
                if trueDue > timer.due {
                    timer.due = trueDue
                    frontier.add(Candidate(timer: timer, index: nil))
                    continue
                }
            }
            if seen.insert(timer.ordinal).inserted { due.append(timer) }
        }
        return due
    }

    private struct Candidate: Comparable {
        var timer: Timer
        /// Of its entry; nil: its true time is known.
        var index: Int?

        static func < (left: Candidate, right: Candidate) -> Bool { left.timer < right.timer }
    }
}
