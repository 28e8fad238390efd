/// When a condition that is waited for has come true, and when it is checked again.
///
/// Delays are rounded up and spread as those of a ``RetryPolicy`` are.
public struct PollPolicy<State>: Sendable {
    /// What follows from one check.
    public enum Decision: Sendable, Equatable {
        /// The condition has come true: its state is the result.
        case stop
        /// Check again after the delay: more than zero.
        case poll(after: Duration)
        /// Give up: ``WaitForConditionError``.
        case fail
    }

    private let rule: @Sendable (_ state: State, _ attempt: Int, _ unitRandom: Double) -> Decision

    private init(rule: @escaping @Sendable (State, Int, Double) -> Decision) {
        self.rule = rule
    }

    /// Asks the policy about the state that the `attempt`-th check has found, counted from 1.
    func decide(_ state: State, attempt: Int, unitRandom: Double) -> Decision {
        rule(state, attempt, unitRandom)
    }

    /// Until `isMet` is true, with delays that grow by a factor: `initialDelay × rate^(attempt - 1)`, at most `maxDelay`.
    ///
    /// - Parameters:
    ///   - maxAttempts: All checks; when the last one finds the condition still not met, the wait fails. At least 1.
    ///   - initialDelay: The delay after the first check; above zero.
    ///   - maxDelay: What no delay exceeds, before rounding; above zero.
    ///   - rate: At least 1.
    ///   - jitter: How delays are spread below the computed one.
    public static func until(
        _ isMet: @escaping @Sendable (State) -> Bool, maxAttempts: Int = 60, initialDelay: Duration = .seconds(5),
        maxDelay: Duration = .seconds(300), rate: Double = 1.5, jitter: RetryPolicy.Jitter = .full
    ) -> PollPolicy {
        let delays = RetryPolicy.exponential(
            maxAttempts: maxAttempts, initialDelay: initialDelay, maxDelay: maxDelay, rate: rate, jitter: jitter)
        return PollPolicy { state, attempt, random in
            if isMet(state) { return .stop }
            return switch delays.decide(PollPolicyExhausted(attempts: attempt), attempt: attempt, unitRandom: random) {
            case .retry(let delay): .poll(after: delay)
            case .fail: .fail
            }
        }
    }

    /// Until `isMet` is true, with the same delay each time.
    public static func until(
        _ isMet: @escaping @Sendable (State) -> Bool, every delay: Duration, maxAttempts: Int = .max
    ) -> PollPolicy {
        until(
            isMet, maxAttempts: maxAttempts, initialDelay: delay, maxDelay: delay, rate: 1, jitter: .none)
    }

    /// Whatever `rule` says of the state and the number of the check that found it, from 1. It must depend on nothing else
    /// that changes from run to run.
    public static func custom(
        _ rule: @escaping @Sendable (_ state: State, _ attempt: Int) -> Decision
    ) -> PollPolicy {
        PollPolicy { state, attempt, _ in rule(state, attempt) }
    }
}

/// What a condition fails with whose policy has given up.
struct PollPolicyExhausted: Error, CustomStringConvertible {
    let attempts: Int

    var description: String { "the condition was not met after \(attempts) checks" }
}
