/// When a step runs again after its body throws.
///
/// The wait between two attempts is recorded and holds no task or thread: it outlives the process.
///
/// A delay is rounded up: to whole seconds, as on AWS, when all of the policy's delays are whole seconds of at least
/// one; to milliseconds otherwise. Jitter is drawn from the execution's random id, the step and the attempt, so it
/// spreads executions out and still comes out the same whenever it is computed again.
public struct RetryPolicy: Sendable {
    /// What a policy decides about one failure.
    public enum Decision: Sendable, Equatable {
        /// Run the body again after the delay: more than zero.
        case retry(after: Duration)
        /// Record the failure: the step throws ``StepError``.
        case fail
    }

    /// How delays are spread, so that many executions that failed together do not come back together.
    public enum Jitter: Sendable, Equatable {
        /// Exactly the computed delay.
        case none
        /// Between zero and the computed delay.
        case full
        /// Between half of the computed delay and all of it.
        case half
    }

    private let rule: @Sendable (_ error: any Error, _ attempt: Int, _ unitRandom: Double) -> Decision

    private init(rule: @escaping @Sendable (any Error, Int, Double) -> Decision) {
        self.rule = rule
    }

    /// Asks the policy about `error`, thrown by the `attempt`-th attempt, counted from 1.
    func decide(_ error: any Error, attempt: Int, unitRandom: Double) -> Decision {
        rule(error, attempt, unitRandom)
    }
}

// MARK: Strategies

extension RetryPolicy {
    /// Delays that grow by a factor: `initialDelay × rate^(attempt - 1)`, at most `maxDelay`.
    ///
    /// - Parameters:
    ///   - maxAttempts: All attempts, the first included; at least 1.
    ///   - initialDelay: The delay after the first failure; above zero.
    ///   - maxDelay: What no delay exceeds, before rounding; above zero.
    ///   - rate: At least 1.
    ///   - jitter: How delays are spread below the computed one.
    public static func exponential(
        maxAttempts: Int = 3, initialDelay: Duration = .seconds(5), maxDelay: Duration = .seconds(300),
        rate: Double = 2, jitter: Jitter = .full
    ) -> RetryPolicy {
        precondition(rate >= 1, "a retry policy's rate is \(rate): it must be at least 1")
        let delay = RetryDelay(initial: initialDelay, max: maxDelay, jitter: jitter)
        return bounded(maxAttempts) { attempt, random in
            delay.milliseconds(factor: growth(rate, attempt), random: random)
        }
    }

    /// Delays that grow by a constant: `initialDelay + increment × (attempt - 1)`, at most `maxDelay`.
    ///
    /// - Parameters:
    ///   - maxAttempts: All attempts, the first included; at least 1.
    ///   - initialDelay: The delay after the first failure; above zero.
    ///   - increment: What each further delay adds; not negative.
    ///   - maxDelay: What no delay exceeds, before rounding; above zero.
    ///   - jitter: How delays are spread below the computed one.
    public static func linear(
        maxAttempts: Int = 6, initialDelay: Duration = .seconds(1), increment: Duration = .seconds(1),
        maxDelay: Duration = .seconds(300), jitter: Jitter = .none
    ) -> RetryPolicy {
        let delay = RetryDelay(initial: initialDelay, increment: increment, max: maxDelay, jitter: jitter)
        return bounded(maxAttempts) { attempt, random in
            delay.milliseconds(factor: 1, increments: attempt - 1, random: random)
        }
    }

    /// The same delay each time.
    ///
    /// - Parameters:
    ///   - maxAttempts: All attempts, the first included; at least 1.
    ///   - delay: Above zero.
    ///   - jitter: How delays are spread below `delay`.
    public static func fixed(
        maxAttempts: Int = 5, delay: Duration = .seconds(5), jitter: Jitter = .none
    ) -> RetryPolicy {
        exponential(maxAttempts: maxAttempts, initialDelay: delay, maxDelay: delay, rate: 1, jitter: jitter)
    }

    /// Whatever `rule` says.
    ///
    /// - Parameter rule: Given what the body threw and the number of the attempt that failed, from 1. It must not
    ///   depend on anything that changes from run to run but the error: a retry that was decided is recorded, but a
    ///   crash before that asks again.
    public static func custom(
        _ rule: @escaping @Sendable (_ error: any Error, _ attempt: Int) -> Decision
    ) -> RetryPolicy {
        RetryPolicy { error, attempt, _ in rule(error, attempt) }
    }

    private static func bounded(
        _ maxAttempts: Int, delay: @escaping @Sendable (Int, Double) -> Int64
    ) -> RetryPolicy {
        precondition(maxAttempts >= 1, "a retry policy allows \(maxAttempts) attempts: the first counts, so at least 1")
        return RetryPolicy { _, attempt, random in
            attempt < maxAttempts ? .retry(after: .milliseconds(delay(attempt, random))) : .fail
        }
    }

    /// `rate^(attempt - 1)`; infinite, never wrong, when that is too large for a number.
    private static func growth(_ rate: Double, _ attempt: Int) -> Double {
        var growth = 1.0
        for _ in 1..<max(attempt, 1) {
            growth *= rate
            if growth.isInfinite || growth == 1 { break }
        }
        return growth
    }
}

// MARK: Presets

extension RetryPolicy {
    /// One attempt only.
    public static let none = RetryPolicy { _, _, _ in .fail }
    /// What a step uses that names no policy: 6 attempts, 5 s doubling to at most 60 s, full jitter.
    public static let `default` = exponential(maxAttempts: 6, maxDelay: .seconds(60))
    /// For what passes by itself: 3 attempts, 5 s doubling, half jitter.
    public static let transient = exponential(maxAttempts: 3, jitter: .half)
    /// For something that has to come back first: 5 attempts, 5 s doubling to at most 300 s, full jitter.
    public static let resourceAvailability = exponential(maxAttempts: 5)
    /// For what must not be given up early: 10 attempts, 1 s growing by half to at most 60 s, no jitter.
    public static let critical = exponential(
        maxAttempts: 10, initialDelay: .seconds(1), maxDelay: .seconds(60), rate: 1.5, jitter: .none)
}

// MARK: Filters

extension RetryPolicy {
    /// The same policy for errors that satisfy `isRetryable`; any other fails the step at once.
    public func retrying(when isRetryable: @escaping @Sendable (any Error) -> Bool) -> RetryPolicy {
        RetryPolicy { error, attempt, random in
            isRetryable(error) ? rule(error, attempt, random) : .fail
        }
    }

    /// The same policy for errors of one of these types.
    public func retrying(only types: any Error.Type...) -> RetryPolicy {
        retrying { error in types.contains { type in Self.isInstance(error, of: type) } }
    }

    /// The same policy for errors whose message contains one of these texts.
    public func retrying(messagesContaining texts: String...) -> RetryPolicy {
        retrying { error in
            let message = RecordedError(error).message
            return texts.contains { message.contains($0) }
        }
    }

    private static func isInstance<E: Error>(_ error: any Error, of type: E.Type) -> Bool {
        error is E
    }
}
