import Indelible
import Synchronization

/// What a function does to the world outside, noted where it does it: see
/// ``crashEverywhere(input:seed:startTime:answers:cancelledDuring:others:function:)``.
public final class Effects: Sendable {
    struct Effect: Hashable {
        var what: String
        /// The attempt in whose body it was noted; nil outside of any.
        var attempt: ProbedAttempt?
    }

    private let noted = Mutex<[Effect]>([])

    init() {}

    /// Notes that something has happened. In the body of a step it belongs to that step.
    public func note(_ what: String) {
        noted.withLock { $0.append(Effect(what: what, attempt: ProbedAttempt.current)) }
    }

    /// Everything that has been noted, in order.
    public var all: [String] { noted.withLock { $0.map(\.what) } }

    var effects: [Effect] { noted.withLock { $0 } }
}

/// The effects of a run, and how often each may have come.
struct EffectRules {
    /// What happened undisturbed.
    let undisturbed: [Effects.Effect]
    /// How often each attempt was under way when an interruption came.
    let interruptedAttempts: [ProbedAttempt: Int]
    /// Whether a step that runs at most once has come to another outcome: what happens undisturbed may be missing then.
    var wentAnotherWay = false
    /// The steps that began after that: anything may happen in them.
    var laterSteps: Set<Step> = []

    struct Step: Hashable {
        var function: String
        var path: String
    }

    /// What breaks the rules, one line each.
    func violations(in effects: [Effects.Effect]) -> [String] {
        let now = Self.counts(effects)
        let then = Self.counts(undisturbed)
        var violations = now.compactMap { effect, count in excess(effect, count, undisturbed: then) }.sorted()
        let expected = Set(undisturbed.map(\.what))
        if !wentAnotherWay {
            let missing = expected.subtracting(effects.map(\.what))
            violations += missing.sorted().map { "'\($0)' never happened" }
        }
        let extra = Set(effects.filter { !isLater($0) }.map(\.what)).subtracting(expected)
        violations += extra.sorted().map { "'\($0)' happened, and does not undisturbed" }
        return violations
    }

    private func isLater(_ effect: Effects.Effect) -> Bool {
        effect.attempt.map { laterSteps.contains(Step(function: $0.function, path: $0.path)) } ?? false
    }

    /// What is wrong when an effect came so often.
    private func excess(_ effect: Effects.Effect, _ count: Int, undisturbed: [Effects.Effect: Int]) -> String? {
        guard let attempt = effect.attempt else {
            let once = undisturbed[effect] ?? 0
            guard count > once else { return nil }
            return
                "'\(effect.what)' happened \(count) times outside of any step, and \(once) undisturbed: make it in a step"
        }
        if attempt.isAtMostOnce {
            // After an interruption there are attempts that there are not undisturbed: they are as the others.
            let once = undisturbed.filter {
                $0.key.what == effect.what && $0.key.attempt?.isSameStep(as: attempt) == true
            }
            guard count > max(once.values.max() ?? 1, 1) else { return nil }
            return
                "'\(effect.what)' happened \(count) times in attempt \(attempt.number) of \(attempt.words), which runs at most once"
        }
        guard let once = undisturbed[effect] else { return nil }
        let interruptions = interruptedAttempts[attempt] ?? 0
        guard count > once * (1 + interruptions) else { return nil }
        return
            "'\(effect.what)' happened \(count) times in attempt \(attempt.number) of \(attempt.words), which was interrupted \(interruptions) times, and \(once) undisturbed"
    }

    private static func counts(_ effects: [Effects.Effect]) -> [Effects.Effect: Int] {
        [Effects.Effect: Int](effects.map { ($0, 1) }, uniquingKeysWith: +)
    }
}

extension ProbedAttempt {
    fileprivate func isSameStep(as other: ProbedAttempt) -> Bool {
        function == other.function && path == other.path
    }

    fileprivate var words: String {
        "step \(name.map { "'\($0)' " } ?? "")at \(path) of '\(function)'"
    }
}
