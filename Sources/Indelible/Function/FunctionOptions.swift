/// What a function's executions may take, and how they are recorded.
public struct FunctionOptions: Sendable {
    /// Which of several codes of one name this is. An execution is pinned to the version that it started with and runs under
    /// no other, so a new version leaves running executions to the old one: register both. Nil: `$LATEST`, whatever code that
    /// is at the time.
    public var version: Int?
    /// How long an execution may take from its start, waits included; then it ends as timed out. Nil: for ever.
    public var executionTimeout: Duration?
    /// How long one run of the handler may take, without the waits that suspend it; then its task is cancelled and the
    /// handler runs again. Nil: for ever.
    public var invocationTimeout: Duration?
    /// How many handlers of this function may run at once in an engine. Nil: as many as the engine runs.
    public var concurrencyLimit: Int?
    /// For how long an execution is kept after its end: then it is forgotten, and its name may be used again. Recorded with
    /// each execution at its start.
    public var retention: RetentionPolicy
    /// What happens when the handler asks for another operation than the history holds.
    public var onMismatch: ReplayMismatch
    /// Whether ``DurableContext/logger`` passes on messages of replays too.
    public var logsReplays: Bool
    /// How the input, the result, and what the operations record become bytes. An operation may name its own.
    public var serdes: any Serdes

    public init(
        version: Int? = nil, executionTimeout: Duration? = nil, invocationTimeout: Duration? = nil,
        concurrencyLimit: Int? = nil, retention: RetentionPolicy, onMismatch: ReplayMismatch = .hold,
        logsReplays: Bool = false, serdes: any Serdes = .json
    ) {
        precondition((version ?? 0) >= 0, "a version is a number of 0 or more")
        precondition((executionTimeout ?? .seconds(1)) > .zero, "an execution timeout must be above zero")
        precondition((invocationTimeout ?? .seconds(1)) > .zero, "an invocation timeout must be above zero")
        precondition((concurrencyLimit ?? 1) >= 1, "a concurrency limit must be at least 1")
        self.version = version
        self.executionTimeout = executionTimeout
        self.invocationTimeout = invocationTimeout
        self.concurrencyLimit = concurrencyLimit
        self.retention = retention
        self.onMismatch = onMismatch
        self.logsReplays = logsReplays
        self.serdes = serdes
    }

    /// - Parameter retention: For how long an execution is kept whole after its end, however it ended; then it is forgotten.
    ///   Above zero. Nil: for ever.
    public init(
        version: Int? = nil, executionTimeout: Duration? = nil, invocationTimeout: Duration? = nil,
        concurrencyLimit: Int? = nil, retention: Duration? = nil, onMismatch: ReplayMismatch = .hold,
        logsReplays: Bool = false, serdes: any Serdes = .json
    ) {
        self.init(
            version: version, executionTimeout: executionTimeout, invocationTimeout: invocationTimeout,
            concurrencyLimit: concurrencyLimit,
            retention: retention.map { RetentionPolicy(.history(for: $0)) } ?? .forever, onMismatch: onMismatch,
            logsReplays: logsReplays, serdes: serdes)
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
