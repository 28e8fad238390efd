/// How often an attempt of a step may run when the process dies in the middle of it.
public enum StepSemantics: Sendable, Hashable {
    /// The attempt runs again after a crash, without counting as a failure: its effects happen at least once.
    case atLeastOncePerRetry
    /// The attempt never runs twice: after a crash it counts as failed and the retry policy decides. Its start is on
    /// disk before its body runs, which costs one more sync. With `retry: .none` the body runs at most once.
    case atMostOncePerRetry
}

/// Where a step's body runs.
public enum StepExecution: Sendable, Hashable {
    /// On the global pool, even when handlers have an executor of their own: fit for whatever takes time.
    case pool
    /// Where the handler runs, without a change of thread: fit for bodies that take microseconds.
    case inline
}

/// What an at-most-once step's policy is asked about when the process died in the middle of an attempt.
public struct StepInterruptedError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String {
        "the process ended while the step ran: whether its effects happened is not known"
    }
}
