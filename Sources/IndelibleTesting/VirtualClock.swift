import EngineRuntime
import ExecutionModel
import Indelible
import Synchronization

/// The time of a test: it stands still until somebody moves it.
package final class VirtualClock: EngineClock, Sendable {
    private let state: Mutex<State>

    private struct State {
        var now: Timestamp
        var nextTimer: UInt64 = 0
        var timers: [UInt64: Timer] = [:]
    }

    private struct Timer {
        var deadline: Timestamp
        /// False: it was stopped.
        var fire: @Sendable (_ isDue: Bool) -> Void
    }

    package init(now: Timestamp) {
        state = Mutex(State(now: now))
    }

    package func now() -> Timestamp {
        state.withLock { $0.now }
    }

    /// Moves to `time`, never back, and fires what is due by then.
    package func move(to time: Timestamp) {
        change { max($0, time) }
    }

    /// Shows `time` from now on, and fires what is due by then: as ``move(to:)``, but a clock may be set back.
    package func set(to time: Timestamp) {
        change { _ in time }
    }

    private func change(_ time: (Timestamp) -> Timestamp) {
        let due = state.withLock { state in
            state.now = time(state.now)
            let due = state.timers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.timers[id] = nil }
            // The order of a dictionary is not the same in every process.
            return due.sorted { ($0.value.deadline, $0.key) < ($1.value.deadline, $1.key) }
        }
        for timer in due { timer.value.fire(true) }
    }

    /// When the next timer is due.
    package var nextDeadline: Timestamp? {
        state.withLock { state in state.timers.values.map(\.deadline).min() }
    }

    /// Calls `body` when the clock has moved on by `duration`, unless what this returns is called before.
    package func after(_ duration: Duration, _ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
        let id = add(duration) { isDue in
            if isDue { body() }
        }
        return { [self] in stop(id) }
    }

    /// Returns when the clock has moved on by `duration`; `didRegister` is called once that is awaited.
    package func sleep(_ duration: Duration, didRegister: @Sendable () -> Void) async throws {
        let id = Mutex<UInt64?>(nil)
        let isDue = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isCancelled = id.withLock { id in
                    guard !Task.isCancelled else { return true }
                    id = add(duration) { continuation.resume(returning: $0) }
                    return false
                }
                if isCancelled { continuation.resume(returning: false) } else { didRegister() }
            }
        } onCancel: {
            if let id = id.withLock({ $0 }) { stop(id) }
        }
        guard isDue else { throw CancellationError() }
    }

    private func add(_ duration: Duration, _ fire: @escaping @Sendable (Bool) -> Void) -> UInt64 {
        state.withLock { state in
            state.nextTimer += 1
            state.timers[state.nextTimer] = Timer(
                deadline: state.now.adding(Milliseconds(duration)), fire: fire)
            return state.nextTimer
        }
    }

    private func stop(_ id: UInt64) {
        state.withLock { $0.timers.removeValue(forKey: id) }?.fire(false)
    }
}
