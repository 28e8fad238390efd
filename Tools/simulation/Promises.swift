import ExecutionEngine
import ExecutionModel
import Indelible
import Synchronization

/// The model: what anybody has been told, and therefore must be found in every later opening; and what was told that
/// contradicts it.
///
/// What happens in a life that is lost is noted nowhere: no caller was there to be told.
final class Promises: Sendable {
    struct Place: Hashable, Sendable {
        var execution: String
        var place: String
    }

    struct Attempt: Hashable, Sendable {
        var place: Place
        var number: Int
    }

    struct Answer: Sendable {
        var execution: String
        var value: String
    }

    /// How an execution has ended, as a caller was told.
    struct End: Equatable, Sendable {
        var status: ExecutionModel.ExecutionStatus
        var result: [UInt8]?
        var error: ErrorObject?
    }

    struct Facts: Sendable {
        /// Names of executions, and what their starters were given.
        var started: [String: (id: String, function: String)] = [:]
        /// Executions that are there, children among them, and of which functions they are.
        var ran: [String: String] = [:]
        /// All of these, in the order in which they became known.
        var executions: [String] = []
        /// What handlers saw at each place.
        var values: [Place: String] = [:]
        /// Results of steps, as handlers were given them.
        var results: [String: Set<String>] = [:]
        /// Attempts at most once whose body ran.
        var begun: Set<Attempt> = []
        var offered: [(callback: Indelible.CallbackID, execution: String)] = []
        var answers: [String: Answer] = [:]
        var stopped: Set<String> = []
        var cancelled: Set<String> = []
        var pauseCounts: [String: Int] = [:]
        var resumptionCounts: [String: Int] = [:]
        /// Asked for, whatever came of it.
        var deletionsAsked: Set<String> = []
        var deleted: Set<String> = []
        var ends: [String: End] = [:]
    }

    private struct State {
        var facts = Facts()
        /// Distinct for every run of a body, in any life.
        var runCount = 0
        var broken: [String] = []
        var told = Told()
    }

    /// How much somebody has been told that was not known before.
    struct Told: Equatable, Sendable {
        var count = 0
        /// Of them, how executions have ended.
        var endCount = 0
    }

    private let state = Mutex(State())

    /// What has been told so far.
    var facts: Facts { state.withLock { $0.facts } }

    /// What must not have happened, in the order in which it was noticed.
    var broken: [String] { state.withLock { $0.broken } }

    /// What has been told so far, in numbers. What a loss of power right after it takes back was told too early.
    var told: Told { state.withLock { $0.told } }

    func note(in life: Life, _ change: (inout Facts) -> Void) {
        check(in: life) { facts in
            change(&facts)
            return nil
        }
    }

    /// Notes something that may contradict what is known.
    /// - Parameter change: Returns what it breaks; nil: nothing.
    private func check(in life: Life, _ change: (inout Facts) -> String?) {
        guard !life.isLost else { return }
        state.withLock { state in
            if let broken = change(&state.facts) { state.broken.append(broken) }
        }
    }

    private func tell(in life: Life, ofEnd: Bool = false) {
        guard !life.isLost else { return }
        state.withLock { state in
            state.told.count += 1
            if ofEnd { state.told.endCount += 1 }
        }
    }

    func breaks(_ promise: String) {
        state.withLock { $0.broken.append(promise) }
    }

    /// The disk may have lost what it said was durable: nothing that was told binds any more.
    func forget() {
        state.withLock { state in
            let executions = state.facts.executions
            state.facts = Facts()
            state.facts.executions = executions
        }
    }

    /// A value that no other run of a body returns.
    func nextRun(_ prefix: String) -> String {
        state.withLock { state in
            state.runCount += 1
            return "\(prefix)\(state.runCount)"
        }
    }

    // MARK: What handlers see

    func ran(_ execution: String, of function: String, in life: Life) {
        note(in: life) { $0.know(execution, of: function) }
    }

    /// The same on every replay.
    func saw(_ value: String, _ execution: String, at place: String, in life: Life) {
        if facts.values[Place(execution: execution, place: place)] == nil { tell(in: life) }
        check(in: life) { facts in
            let known = facts.values.updateValue(value, forKey: Place(execution: execution, place: place))
            guard let known, known != value else { return nil }
            return "\(execution) at \(place) has seen '\(known.prefix(80))', and sees '\(value.prefix(80))' now"
        }
    }

    func recorded(_ result: String, _ execution: String, in life: Life) {
        note(in: life) { _ = $0.results[execution, default: []].insert(result) }
    }

    func began(_ execution: String, at place: String, _ number: Int, _ semantics: StepSemantics, in life: Life) {
        guard semantics == .atMostOncePerRetry else { return }
        check(in: life) { facts in
            let attempt = Attempt(place: Place(execution: execution, place: place), number: number)
            guard !facts.begun.insert(attempt).inserted else { return nil }
            return "\(execution) at \(place) runs attempt \(number) a second time, of a step at most once"
        }
    }

    func offered(_ callback: Indelible.CallbackID, _ execution: String, in life: Life) {
        note(in: life) { $0.offered.append((callback, execution)) }
    }

    /// A compensation is given what its step returned.
    func undid(_ done: String, _ execution: String, in life: Life) {
        check(in: life) { facts in
            guard !(facts.results[execution]?.contains(done) ?? false) else { return nil }
            return "\(execution) undoes '\(done)', which no step of it has returned"
        }
    }

    /// What somebody was told of an execution's end: always the same.
    func ended(_ execution: String, _ end: End, in life: Life) {
        if facts.ends[execution] == nil { tell(in: life, ofEnd: true) }
        check(in: life) { facts in
            guard let known = facts.ends.updateValue(end, forKey: execution), known != end else { return nil }
            return "\(execution) had ended as \(known), and has ended as \(end) now"
        }
    }
}

extension Promises.Facts {
    /// Notes an execution that is there, started by whomever.
    mutating func know(_ execution: String, of function: String) {
        if ran.updateValue(function, forKey: execution) == nil, !executions.contains(execution) {
            executions.append(execution)
        }
    }
}
