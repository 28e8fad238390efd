/// What a function's executions may take, and how they are recorded.
public struct FunctionOptions: Sendable {
    /// How long an execution may take from its start, waits included; then it ends as timed out. Nil: for ever.
    public var executionTimeout: Duration?
    /// How long one run of the handler may take, without the waits that suspend it; then its task is cancelled and the
    /// handler runs again. Nil: for ever.
    public var invocationTimeout: Duration?
    /// How many handlers of this function may run at once in an engine. Nil: as many as the engine runs.
    public var concurrencyLimit: Int?
    /// What happens when the handler asks for another operation than the history holds.
    public var onMismatch: ReplayMismatch
    /// How the input, the result, and what the operations record become bytes. An operation may name its own.
    public var serdes: any Serdes

    public init(
        executionTimeout: Duration? = nil, invocationTimeout: Duration? = nil, concurrencyLimit: Int? = nil,
        onMismatch: ReplayMismatch = .hold, serdes: any Serdes = .json
    ) {
        precondition((executionTimeout ?? .seconds(1)) > .zero, "an execution timeout must be above zero")
        precondition((invocationTimeout ?? .seconds(1)) > .zero, "an invocation timeout must be above zero")
        precondition((concurrencyLimit ?? 1) >= 1, "a concurrency limit must be at least 1")
        self.executionTimeout = executionTimeout
        self.invocationTimeout = invocationTimeout
        self.concurrencyLimit = concurrencyLimit
        self.onMismatch = onMismatch
        self.serdes = serdes
    }
}

/// What happens to an execution whose handler asks for another operation than the history holds.
public enum ReplayMismatch: Sendable, Hashable {
    /// It is held as it is, with a report, and tried once more each time its function is registered anew: so code that
    /// matches the history again continues it.
    case hold
    /// It fails.
    case fail
}
