import ExecutionModel
import Synchronization

/// The executions on the disk that are due soon.
///
/// Far timers are in the index's tables alone. A minute or two ahead they come here, sorted and sixteen bytes each; a moment
/// before it is due an execution is brought into memory, where its own timer fires.
final class TimerFeed: Sendable {
    struct Timer: Sendable {
        var due: Timestamp
        var number: ExecutionNumber
    }

    private struct Content: Sendable {
        /// In the order of their moments; those before `next` have been taken.
        var timers: [Timer] = []
        var next = 0
        /// Everything on the disk that is due before it is, or was, in `timers`.
        var horizon = Timestamp(millisecondsSinceEpoch: 0)
    }

    private let content = Mutex(Content())

    /// An execution that is due before it must not leave memory: it would not be found here.
    var horizon: Timestamp { content.withLock { $0.horizon } }

    /// When the first of them is due.
    var nextDue: Timestamp? {
        content.withLock { content in content.next < content.timers.count ? content.timers[content.next].due : nil }
    }

    /// Takes those that are due before `moment`.
    func take(before moment: Timestamp, limit: Int) -> [ExecutionNumber] {
        content.withLock { content in
            var taken: [ExecutionNumber] = []
            while taken.count < limit, content.next < content.timers.count, content.timers[content.next].due < moment {
                taken.append(content.timers[content.next].number)
                content.next += 1
            }
            if content.next == content.timers.count {
                content.timers.removeAll(keepingCapacity: content.next < 4_096)
                content.next = 0
            }
            return taken
        }
    }

    /// Has an execution brought in at a later moment, since it could not be now.
    func postpone(_ number: ExecutionNumber, to moment: Timestamp) {
        content.withLock { content in
            var (low, high) = (content.next, content.timers.count)
            while low < high {
                let middle = (low + high) / 2
                if content.timers[middle].due <= moment { low = middle + 1 } else { high = middle }
            }
            content.timers.insert(Timer(due: moment, number: number), at: low)
        }
    }

    /// Adds what the tables have from the horizon on; the horizon moves on to `horizon`.
    func extend(to horizon: Timestamp, _ timers: [Timer]) {
        content.withLock { content in
            precondition(horizon >= content.horizon, "the timers' horizon moves back")
            content.timers += timers
            content.horizon = horizon
        }
    }
}
