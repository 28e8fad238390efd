import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Completes everything that is due and says when to come again.
    ///
    /// The timer thread calls it in production; who owns a virtual clock calls it in tests and simulations.
    /// - Returns: When the next timer is due. Nil: none is armed.
    @discardableResult
    package func stepTimers() -> Timestamp? {
        while true {
            let now = seams.clock.now()
            let (due, accepts) = core.withLock { core in (core.nextDue(), core.acceptsCommands) }
            // A closing engine completes nothing, so nothing is due in it.
            guard accepts else { return nil }
            let coldDue = bringInDue(at: now)
            guard let due, due <= now else { return [due, coldDue].compactMap { $0 }.min() }
            do throws(LogError) {
                // Under pressure the loop comes back in a moment rather than block the thread.
                let byteCount = Self.timerByteCount * Core.timersPerTurn
                guard try log.tryReserve(byteCount: byteCount, .completion) else {
                    return now.adding(Self.retryDelay)
                }
                turn(reservation: byteCount) { (core, turn) throws(RuntimeError) in
                    core.fireDue(in: &turn)
                } done: { _ in
                }
                noteIdleInvocations()
            } catch {
                _ = note(error)
                return now.adding(Self.retryDelay)
            }
        }
    }

    /// Has the executions brought in that are due soon.
    /// - Returns: When the next of those on the disk has to be brought in.
    private func bringInDue(at now: Timestamp) -> Timestamp? {
        let ahead = options.maintenance.loadAhead
        loader.request(feed.take(before: now.adding(ahead), limit: .max), for: self)
        return feed.nextDue?.adding(Milliseconds(-ahead.rawValue))
    }

    private static let retryDelay = Milliseconds(2)

    /// Room that the completion of a due timer takes, and the start of the invocation it causes.
    static let timerByteCount = 256
}

extension Core {
    /// At most this many events and executions a turn, so that nobody waits long for the lock, and the append fits what
    /// was reserved for it.
    static let timersPerTurn = 256

    mutating func nextDue() -> Timestamp? {
        [timers.nextDue(), deadlines.nextDue(), owedToParents.nextDue(), pumpTime].compactMap { $0 }.min()
    }

    mutating func fireDue(in turn: inout Turn) {
        turn.launchLimit = Self.launchesPerTurn
        if let time = pumpTime, time <= turn.now { pumpTime = nil }
        for _ in 0..<Self.timersPerTurn where turn.batch.entries.count < Self.timersPerTurn {
            if let number = deadlines.popDue(at: turn.now) {
                timeOut(number, in: &turn)
            } else if let child = owedToParents.popDue(at: turn.now) {
                turn.releases.append(.completeParent(child))
            } else if let number = timers.popDue(at: turn.now) {
                // It is kept until the execution that waits for it has its result.
                guard !(engine.update(number) { $0.status.isTerminal } ?? false) || !isOwed(number) else {
                    _ = timers.arm(number, at: turn.now.adding(Self.roomRetryDelay))
                    continue
                }
                let room = Self.timersPerTurn - turn.batch.entries.count
                let decision = engine.update(number) { $0.decideTimers(at: turn.now, limit: room) }
                guard let decision else {
                    preconditionFailure("a timer of execution \(number.rawValue), which is gone")
                }
                record(decision, of: number, in: &turn)
                // A backoff that is over is no event; it makes the execution runnable all the same.
                if turn.touched.last != number { turn.touched.append(number) }
            } else {
                return
            }
        }
    }
}

/// The thread that waits for the next due timer. Nothing of a user ever runs on it.
final class TimerLoop: Sendable {
    private let signal = WakeSignal()
    private let isStopped = Atomic<Bool>(false)
    /// Whether a post is on its way: a burst of new timers costs one system call.
    private let isPosted = Atomic<Bool>(false)

    /// Runs until ``stop()``.
    func run(_ runtime: EngineRuntime) {
        while !isStopped.load(ordering: .acquiring) {
            let due = runtime.stepTimers()
            // At most a minute: the wall clock may be set while the thread sleeps.
            let delay = due.map { min($0.since(runtime.seams.clock.now()).rawValue, 60_000) } ?? 60_000
            if delay > 0 { signal.wait(milliseconds: delay) }
            isPosted.store(false, ordering: .releasing)
        }
    }

    /// An earlier timer was armed.
    func wake() {
        guard !isPosted.exchange(true, ordering: .acquiringAndReleasing) else { return }
        signal.post()
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        signal.post()
    }
}
