import Synchronization

/// What handlers did, in order: noted from wherever they run.
final class Calls: Sendable {
    private let notes = Mutex<[String]>([])

    func note(_ note: String) {
        notes.withLock { $0.append(note) }
    }

    var all: [String] { notes.withLock { $0 } }

    func count(of note: String) -> Int {
        all.count { $0 == note }
    }
}

/// Stops handlers at a place until the test lets them go on, or the engine cancels them.
final class Gate: Sendable {
    private let state = Mutex(State())

    private struct State {
        var isOpen = false
        var arrivals = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var observers: [CheckedContinuation<Void, Never>] = []
    }

    /// Waits until the gate is open or the task is cancelled.
    func pass() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let (isOpen, observers) = state.withLock { state in
                    defer { state.observers = [] }
                    state.arrivals += 1
                    let isOpen = state.isOpen || Task.isCancelled
                    if !isOpen { state.waiters.append(continuation) }
                    return (isOpen, state.observers)
                }
                for observer in observers { observer.resume() }
                if isOpen { continuation.resume() }
            }
        } onCancel: {
            letGo()
        }
    }

    /// Waits until somebody has come to the gate.
    func arrival() async {
        await withCheckedContinuation { continuation in
            let hasArrived = state.withLock { state in
                if state.arrivals == 0 { state.observers.append(continuation) }
                return state.arrivals > 0
            }
            if hasArrived { continuation.resume() }
        }
    }

    func open() {
        state.withLock { $0.isOpen = true }
        letGo()
    }

    private func letGo() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}

struct Flaky: Error, CustomStringConvertible {
    var description: String { "try again" }
}
