import ExecutionModel
import Indelible
import Synchronization

/// Waits for a run at chosen points, one after the other, and holds it there until the interruption has been made.
final class CrashProbe: HandlerProbe {
    private let targets: [Int]
    private let state = Mutex(State())

    struct Reached {
        var point: CrashPoint
        /// Nil where no handler is.
        var place: HandlerPlace?
    }

    private enum Ending: Equatable {
        case nothing
        /// The engine. The next one is not open.
        case engine
        /// An invocation, by its id.
        case invocation(String)
    }

    private struct State {
        var points: [CrashPoint] = []
        /// How many targets are over.
        var passedCount = 0
        var hasEnded = false
        /// The target at which the run is now.
        var reached: Reached?
        /// What is about to end, or has: who belongs to it stays at the point that it comes to.
        var ending = Ending.nothing
        /// The executions whose handlers have come to a point in the meantime.
        var heldExecutions: Set<ExecutionID> = []
        var observer: CheckedContinuation<Reached?, Never>?
        var held: [Int: CheckedContinuation<Void, Never>] = [:]
        /// Who must not go on, whether it waits already or is about to.
        var holds: Set<Int> = []
        var holdCount = 0
        /// That of the target.
        var target: Int?
        var attempts = AttemptsUnderWay()

        func isOver(_ reached: Reached) -> Bool {
            switch ending {
            case .nothing: false
            case .engine: true
            case .invocation(let id): reached.place?.invocation == id
            }
        }

        /// Where branches race, a run that has been interrupted may come to its end in fewer points than another one.
        func isTarget(_ target: Int, _ point: CrashPoint) -> Bool {
            points.count > target || (passedCount > 0 && point == .ended)
        }

        mutating func newHold() -> Int {
            holdCount += 1
            holds.insert(holdCount)
            return holdCount
        }
    }

    /// - Parameter targets: By the count of points before each, in order.
    init(targets: [Int]) {
        self.targets = targets
    }

    var points: [CrashPoint] { state.withLock { $0.points } }

    /// How often each attempt was under way when an interruption came.
    var interruptedAttempts: [ProbedAttempt: Int] { state.withLock { $0.attempts.interrupted } }

    // MARK: The run's side

    nonisolated(nonsending) func reach(_ point: HandlerPoint, _ place: HandlerPlace) async {
        await reach(Reached(point: .handler(point), place: place))
    }

    /// The world outside has come to a point. It must look at the engine again: there may be another one.
    ///
    /// - Returns: Whether it was interrupted there.
    func reach(_ point: CrashPoint) async -> Bool {
        await reach(Reached(point: point))
    }

    @discardableResult
    private nonisolated(nonsending) func reach(_ reached: Reached) async -> Bool {
        let (hold, observer): (Int?, CheckedContinuation<Reached?, Never>?) = state.withLock { state in
            guard !state.isOver(reached) else {
                if let place = reached.place {
                    state.heldExecutions.insert(place.execution)
                    // It runs although it is over, if it is cancelled just now.
                    if let attempt = place.attempt { state.attempts.interrupt(attempt) }
                }
                return (state.newHold(), nil)
            }
            state.points.append(reached.point)
            if let place = reached.place { state.attempts.note(reached.point, place) }
            guard state.passedCount < targets.count, state.reached == nil,
                state.isTarget(targets[state.passedCount], reached.point)
            else { return (nil, nil) }
            state.reached = reached
            let hold = state.newHold()
            state.target = hold
            defer { state.observer = nil }
            return (hold, state.observer)
        }
        guard let hold else { return false }
        observer?.resume(returning: reached)
        await pause(hold)
        return true
    }

    /// Waits until it is let go, or its task is cancelled.
    private nonisolated(nonsending) func pause(_ hold: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    let isHeld = state.holds.contains(hold) && !Task.isCancelled
                    if isHeld { state.held[hold] = continuation }
                    return isHeld
                }
                if !isHeld { continuation.resume() }
            }
        } onCancel: {
            letGo(hold)
        }
    }

    /// Nothing comes to its point any more.
    func end() {
        let observer = state.withLock { state in
            state.hasEnded = true
            defer { state.observer = nil }
            return state.observer
        }
        observer?.resume(returning: nil)
    }

    // MARK: The interruption's side

    /// Waits for the next target, or for the end of everything: nil.
    func reached() async -> Reached? {
        await withCheckedContinuation { continuation in
            let answer: Reached?? = state.withLock { state in
                if let reached = state.reached { return reached }
                if state.hasEnded { return .some(nil) }
                state.observer = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// An interruption is about to be made: what is under way may be done again, and the next target counts.
    ///
    /// - Parameter place: Whose invocation is the only one that it concerns; nil: it concerns the engine.
    func interrupt(_ place: HandlerPlace?) {
        state.withLock { state in
            state.attempts.interrupt(place?.execution)
            state.ending = place.map { .invocation($0.invocation) } ?? .engine
            state.heldExecutions = []
            state.passedCount += 1
            state.reached = nil
        }
    }

    /// Lets a body that is held at its beginning run in the lost engine, up to the handler's next point: what it does it has
    /// done before the end, and nobody records it.
    ///
    /// A body that waits for what a lost engine has not got any more (time, above all) is waited for no longer than others
    /// take by far: it is cancelled with its engine.
    func runLostBody(_ reached: Reached) async {
        guard reached.point == .handler(.insideStep), let execution = reached.place?.execution,
            let target = state.withLock({ $0.target })
        else { return }
        letGo(target)
        for _ in 0..<Self.lostBodyYieldsMax where !state.withLock({ $0.heldExecutions.contains(execution) }) {
            await Task.yield()
        }
    }

    private static let lostBodyYieldsMax = 2_000

    /// The interruption has been made: whoever comes to a point now is of what comes after it.
    func release() {
        let held = state.withLock { state in
            state.ending = .nothing
            state.holds = []
            defer { state.held = [:] }
            return state.held.values
        }
        for continuation in held { continuation.resume() }
    }

    private func letGo(_ hold: Int) {
        let held = state.withLock { state in
            state.holds.remove(hold)
            return state.held.removeValue(forKey: hold)
        }
        held?.resume()
    }
}

/// The attempts whose bodies have begun and whose outcomes are not durable: they may run again after an interruption, and no
/// others.
private struct AttemptsUnderWay {
    private(set) var interrupted: [ProbedAttempt: Int] = [:]
    private var underWay: [Step: ProbedAttempt] = [:]

    private struct Step: Hashable {
        var execution: ExecutionID
        var path: String
    }

    mutating func note(_ point: CrashPoint, _ place: HandlerPlace) {
        if let attempt = place.attempt {
            underWay[Step(execution: place.execution, path: attempt.path)] = attempt
        }
        // What ends an attempt is always durable by then.
        guard point == .handler(.appended) else { return }
        for step in place.endedSteps { underWay[Step(execution: place.execution, path: step)] = nil }
    }

    mutating func interrupt(_ attempt: ProbedAttempt) {
        interrupted[attempt, default: 0] += 1
    }

    mutating func interrupt(_ execution: ExecutionID?) {
        for (step, attempt) in underWay where execution == nil || step.execution == execution {
            interrupted[attempt, default: 0] += 1
            underWay[step] = nil
        }
    }
}
