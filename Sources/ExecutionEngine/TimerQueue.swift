import ExecutionModel

/// A moment at which something happens to an operation by itself.
struct Timer: Hashable, Sendable {
    enum Kind: UInt8, CaseIterable, Hashable, Sendable {
        case wait, stepRetry, callbackTimeout, callbackHeartbeat
    }

    var due: Timestamp
    var ordinal: OperationOrdinal
    var kind: Kind
}

/// The timers of one execution: a binary heap whose first entry is the earliest that still holds.
///
/// A timer that no longer holds (a callback was answered, a heartbeat put it off) is not searched for: ``settle(_:)``
/// drops it or puts it where it belongs once it comes first. So a heartbeat costs nothing here, and an operation has one
/// entry for each kind of timer, or two for a moment.
struct TimerQueue: Sendable {
    private var heap: [Timer] = []

    /// The earliest due time. Exact after ``settle(_:)``.
    var nextDue: Timestamp? { heap.first?.due }

    /// Entries, those included that no longer hold.
    var count: Int { heap.count }

    mutating func add(_ timer: Timer) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].due < heap[parent].due else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Makes the first entry one that holds.
    mutating func settle(_ rows: [OperationRow]) {
        while let first = heap.first {
            let due = rows[Int(first.ordinal.rawValue)].due(first.kind)
            if due == first.due { return }
            if let due {
                heap[0].due = due
            } else {
                heap.swapAt(0, heap.count - 1)
                heap.removeLast()
            }
            siftDown()
        }
    }

    /// What is due at `now`, in the order in which it became due; the first timer of an operation alone.
    func due(at now: Timestamp, _ rows: [OperationRow]) -> [Timer] {
        var due: [Timer] = []
        collect(0, now, rows, into: &due)
        guard due.count > 1 else { return due }
        due.sort { ($0.due, $0.ordinal, $0.kind.rawValue) < ($1.due, $1.ordinal, $1.kind.rawValue) }
        var seen: Set<OperationOrdinal> = []
        due.removeAll { !seen.insert($0.ordinal).inserted }
        return due
    }

    /// Entries stand at or before their true time, so nothing due hides below an entry that is not.
    private func collect(_ index: Int, _ now: Timestamp, _ rows: [OperationRow], into due: inout [Timer]) {
        guard index < heap.count, heap[index].due <= now else { return }
        var timer = heap[index]
        if let trueDue = rows[Int(timer.ordinal.rawValue)].due(timer.kind), trueDue <= now {
            timer.due = trueDue
            due.append(timer)
        }
        collect(2 * index + 1, now, rows, into: &due)
        collect(2 * index + 2, now, rows, into: &due)
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].due < heap[least].due
            {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
