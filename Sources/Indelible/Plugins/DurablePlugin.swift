import Logging

/// Observes what happens to executions, for metrics, traces and logs.
///
/// A plugin changes nothing: whatever it throws is logged and ignored, and so is what it does not do. It is given to the
/// engine (``EngineOptions/plugins``) and makes an observer for each invocation. Observers are asked in the order of their
/// plugins.
///
/// - SeeAlso: The instrumentation hooks of AWS's SDKs, which have the same moments.
public protocol DurablePlugin: Sendable {
    /// Makes what observes one invocation; called before user code runs. If it throws, nothing of this invocation is
    /// observed.
    func observer(of invocation: ObservedInvocation) throws -> any DurableObserver
}

/// Observes one invocation. Everything it does not implement is ignored.
///
/// Its methods are called where the handler runs, between its durable calls, so they must be quick; two branches of a
/// handler may call at once. Only ``invocationStarted(_:)`` and ``invocationEnded(_:as:)`` are waited for.
public protocol DurableObserver: Sendable {
    /// The invocation begins: before user code, once the state is loaded.
    func invocationStarted(_ invocation: ObservedInvocation) async throws

    /// What the invocation came to is settled, and everything that its operations recorded is durable. The engine hears of
    /// it when this returns: the moment to flush.
    func invocationEnded(_ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome) async throws

    /// An operation begins, or goes on in a replay. Not called for one that had ended before the invocation.
    func operationStarted(_ operation: ObservedOperation) throws

    /// An operation has ended; called once, before it returns to user code: for what ended while the execution was
    /// suspended, in the invocation that first sees it.
    func operationEnded(_ operation: ObservedOperation) throws

    /// A checkpoint's reply, or the start of an invocation, told of these operations.
    func operationsChanged(_ operations: [ObservedOperation]) throws

    /// The body of a step, of a condition's check, of a child context or of a branch begins.
    func bodyStarted(_ body: ObservedBody) throws

    /// Such a body has ended. Called before its outcome is recorded.
    func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome) throws

    /// Runs such a body: the place to bind task-local values around it, such as a tracing context.
    ///
    /// - Parameter run: Must be called once. If it is not, the body runs all the same, without what was to surround it.
    nonisolated(nonsending) func surround(
        _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
    ) async throws

    /// The trace header that a chained invoke passes on: the first observer that gives one decides.
    func traceHeader(for operation: ObservedOperation) throws -> String?

    /// What the logger of the operation's context, or of its body, adds to each message.
    ///
    /// - Parameter operation: Nil: the handler itself.
    func logMetadata(for operation: ObservedOperation?) throws -> Logger.Metadata
}

extension DurableObserver {
    public func invocationStarted(_ invocation: ObservedInvocation) async throws {}
    public func invocationEnded(_ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome) async throws {
    }
    public func operationStarted(_ operation: ObservedOperation) throws {}
    public func operationEnded(_ operation: ObservedOperation) throws {}
    public func operationsChanged(_ operations: [ObservedOperation]) throws {}
    public func bodyStarted(_ body: ObservedBody) throws {}
    public func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome) throws {}

    public nonisolated(nonsending) func surround(
        _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
    ) async throws {
        await run()
    }

    public func traceHeader(for operation: ObservedOperation) throws -> String? { nil }
    public func logMetadata(for operation: ObservedOperation?) throws -> Logger.Metadata { [:] }
}
