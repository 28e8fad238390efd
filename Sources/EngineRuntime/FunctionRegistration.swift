import ExecutionEngine
import ExecutionModel

/// A function that this process can run: its name, its limits, and how it is invoked.
package struct FunctionRegistration: Sendable {
    package var name: String
    /// Runs the handler once, from the operations given. Nil: the invocation was abandoned (the engine cancelled it), so
    /// nothing about it is recorded.
    package var invoke: @Sendable (Invocation) async -> InvocationOutcome?
    /// How many invocations of this function may be in flight. Nil: as many as the engine allows.
    package var concurrencyLimit: Int?
    /// How long one invocation may take before it is recorded as crashed and its task cancelled. Nil: for ever.
    package var invocationTimeout: Milliseconds?
    /// How long an execution may take from its start, where `start` says nothing else. Nil: for ever.
    package var executionTimeout: Milliseconds?

    package init(
        name: String, concurrencyLimit: Int? = nil, invocationTimeout: Milliseconds? = nil,
        executionTimeout: Milliseconds? = nil, invoke: @escaping @Sendable (Invocation) async -> InvocationOutcome?
    ) {
        self.name = name
        self.concurrencyLimit = concurrencyLimit
        self.invocationTimeout = invocationTimeout
        self.executionTimeout = executionTimeout
        self.invoke = invoke
    }
}

/// One activation of a handler: what it replays from and the right to its first checkpoint.
package struct Invocation: Sendable {
    package var execution: ExecutionID
    package var function: String
    package var version: String
    /// The execution's name.
    package var name: String
    /// Counted from 1 in its execution.
    package var number: UInt32
    package var requestID: RandomBits
    package var startTime: Timestamp
    package var token: CheckpointToken
    /// The EXECUTION row first, with the input; then the others in the order of their start.
    package var operations: [Operation]
    package var runtime: EngineRuntime
}
