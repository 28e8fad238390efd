import EngineRuntime
import ExecutionModel
import Indelible
import Synchronization

/// The time of a test: it stands still until somebody moves it.
final class VirtualClock: EngineClock, Sendable {
    private let state: Mutex<State>

    private struct State {
        var now: Timestamp
        var waiterCount = 0
        var nextSleeper: UInt64 = 0
        var sleepers: [UInt64: Sleeper] = [:]
    }

    private struct Sleeper {
        var deadline: Timestamp
        var continuation: UnsafeContinuation<Bool, Never>
    }

    init(now: Timestamp) {
        state = Mutex(State(now: now))
    }

    func now() -> Timestamp {
        state.withLock { $0.now }
    }

    /// Moves to `time`, never back, and wakes who slept until then.
    func move(to time: Timestamp) {
        let woken = state.withLock { state in
            state.now = max(state.now, time)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume(returning: true) }
    }

    /// When the next sleeper wakes.
    var nextDeadline: Timestamp? {
        state.withLock { state in state.sleepers.values.map(\.deadline).min() }
    }

    /// Whether somebody waits for an execution to end: only then may the clock move by itself.
    var hasWaiters: Bool {
        state.withLock { $0.waiterCount > 0 }
    }

    func beginWait() {
        state.withLock { $0.waiterCount += 1 }
    }

    func endWait() {
        state.withLock { $0.waiterCount -= 1 }
    }

    /// Returns when the clock has moved on by `duration`; `didRegister` is called once that is awaited.
    func sleep(_ duration: Duration, didRegister: @Sendable () -> Void) async throws {
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        let isDue = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    let deadline = state.now.adding(Milliseconds(duration))
                    state.sleepers[id] = Sleeper(deadline: deadline, continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(returning: false) } else { didRegister() }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(returning: false)
        }
        guard isDue else { throw CancellationError() }
    }
}
