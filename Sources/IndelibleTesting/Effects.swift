import Indelible
import Synchronization

/// What a function does to the world outside, noted where it does it: see
/// ``crashEverywhere(input:seed:startTime:answers:cancelledDuring:others:function:)``.
public final class Effects: Sendable {
    struct Effect: Hashable {
        var what: String
        /// The step in whose body it was noted; nil outside of any.
        var step: Step?
    }

    struct Step: Hashable {
        var key: String
        var isAtMostOnce: Bool
        var attempt: Int
    }

    private let noted = Mutex<[Effect]>([])

    init() {}

    /// Notes that something has happened. In the body of a step it belongs to that step.
    public func note(_ what: String) {
        let step = ProbedStep.current.map {
            Step(key: $0.idempotencyKey, isAtMostOnce: $0.semantics == .atMostOncePerRetry, attempt: $0.attempt)
        }
        noted.withLock { $0.append(Effect(what: what, step: step)) }
    }

    /// Everything that has been noted, in order.
    public var all: [String] { noted.withLock { $0.map(\.what) } }

    var effects: [Effect] { noted.withLock { $0 } }
}

extension [Effects.Effect] {
    /// What an interruption must not have changed.
    func differences(from undisturbed: [Effects.Effect], isComplete: Bool) -> [String] {
        var differences: [String] = []
        for (what, count) in counts(where: { $0.step == nil }) {
            let once = undisturbed.count { $0.step == nil && $0.what == what }
            if count > once {
                differences.append(
                    "'\(what)' happened \(count) times outside of any step, and \(once) undisturbed: make it in a step")
            }
        }
        for (effect, count) in [Effects.Effect: Int](map { ($0, 1) }, uniquingKeysWith: +) {
            guard let step = effect.step, step.isAtMostOnce else { continue }
            let once = undisturbed.count { $0 == effect }
            if count > Swift.max(once, 1) {
                differences.append(
                    "'\(effect.what)' happened \(count) times in attempt \(step.attempt) of a step that runs at most once"
                )
            }
        }
        guard isComplete else { return differences }
        // Whatever runs at least once has happened, and nothing else has.
        let (now, then) = (Set(atLeastOnce), Set(undisturbed.atLeastOnce))
        for missing in then.subtracting(now).sorted() { differences.append("'\(missing)' never happened") }
        for extra in now.subtracting(then).sorted() {
            differences.append("'\(extra)' happened, and does not undisturbed")
        }
        return differences
    }

    private var atLeastOnce: [String] { map(\.what) }

    private func counts(where isMeant: (Element) -> Bool) -> [String: Int] {
        [String: Int](filter(isMeant).map { ($0.what, 1) }, uniquingKeysWith: +)
    }
}
