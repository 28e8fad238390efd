import ExecutionModel
import HeapModule

/// The moments at which executions are next due, earliest first.
///
/// An execution may have stale entries in the heap: its newest due time is kept beside it, and entries that differ are
/// dropped when they surface, or when they are more than the others. So arming is O(log n), and changing or removing a timer
/// costs no search.
struct TimerQueue {
    private struct Entry: Comparable {
        var due: Timestamp
        var execution: ExecutionNumber

        /// Equal moments go by number, so that one seed gives one order.
        static func < (left: Entry, right: Entry) -> Bool {
            (left.due, left.execution) < (right.due, right.execution)
        }
    }

    private var heap = Heap<Entry>()
    private var armed: [ExecutionNumber: Timestamp] = [:]

    /// How many executions have a timer.
    var count: Int { armed.count }

    /// Entries, stale ones included.
    var entryCount: Int { heap.count }

    /// Sets the execution's timer to `due`, or removes it.
    /// - Returns: Whether `due` became the earliest of all, so that a sleeping timer loop must look again.
    mutating func arm(_ execution: ExecutionNumber, at due: Timestamp?) -> Bool {
        guard let due else {
            armed[execution] = nil
            return false
        }
        guard armed.updateValue(due, forKey: execution) != due else { return false }
        let entry = Entry(due: due, execution: execution)
        heap.insert(entry)
        if heap.count > 2 * armed.count + Self.staleCountMax { dropStale() }
        return heap.min == entry
    }

    /// Stale entries that are not worth the work. Timeouts are hours away as a rule, and what they guard takes moments:
    /// kept until they surface, their entries would outnumber everything.
    private static let staleCountMax = 64

    private mutating func dropStale() {
        heap = Heap(armed.map { Entry(due: $0.value, execution: $0.key) })
    }

    /// When the next timer is due.
    mutating func nextDue() -> Timestamp? {
        while let first = heap.min, armed[first.execution] != first.due { heap.removeMin() }
        return heap.min?.due
    }

    /// Takes the earliest execution that is due at `now`.
    mutating func popDue(at now: Timestamp) -> ExecutionNumber? {
        guard let due = nextDue(), due <= now else { return nil }
        let first = heap.removeMin()
        armed[first.execution] = nil
        return first.execution
    }
}
