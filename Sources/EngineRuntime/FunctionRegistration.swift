import ExecutionEngine
import ExecutionModel

/// One version of a function: what executions are bound to for as long as they run.
package struct FunctionKey: Hashable, Sendable {
    package var name: String
    /// `$LATEST`, or a number.
    package var version: String

    package init(_ name: String, version: String = "$LATEST") {
        self.name = name
        self.version = version
    }

    init(_ start: ExecutionStart) {
        self.init(start.function, version: start.version)
    }
}

/// A function that this process can run: its name, its limits, and how it is invoked.
package struct FunctionRegistration: Sendable {
    package var key: FunctionKey
    /// Runs the handler once, from the operations given. Nil: the invocation was abandoned (the engine cancelled it), so
    /// nothing about it is recorded.
    package var invoke: @Sendable (Invocation) async -> InvocationOutcome?
    /// Whether the function records nothing but its outcome.
    package var isPlain: Bool
    /// How many invocations of this function may be in flight. Nil: as many as the engine allows.
    package var concurrencyLimit: Int?
    /// How long one invocation may take before it is recorded as crashed and its task cancelled. Nil: for ever.
    package var invocationTimeout: Milliseconds?
    /// How long an execution may take from its start, where `start` says nothing else. Nil: for ever.
    package var executionTimeout: Milliseconds?
    /// For how long an execution is kept after its end.
    package var retention: RetentionPolicy

    package init(
        name: String, version: String = "$LATEST", isPlain: Bool = false, concurrencyLimit: Int? = nil,
        invocationTimeout: Milliseconds? = nil, executionTimeout: Milliseconds? = nil,
        retention: RetentionPolicy = .forever,
        invoke: @escaping @Sendable (Invocation) async -> InvocationOutcome?
    ) {
        key = FunctionKey(name, version: version)
        self.isPlain = isPlain
        self.concurrencyLimit = concurrencyLimit
        self.invocationTimeout = invocationTimeout
        self.executionTimeout = executionTimeout
        self.retention = retention
        self.invoke = invoke
    }

    var entry: FunctionDirectory.Entry {
        FunctionDirectory.Entry(
            version: key.version, isPlain: isPlain, executionTimeout: executionTimeout, retention: retention)
    }
}
