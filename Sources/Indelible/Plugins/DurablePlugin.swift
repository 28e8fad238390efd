import Logging

/// Observes what happens to executions, for metrics, traces and logs.
///
/// A plugin changes nothing: whatever it throws is logged, once for each of its methods in an invocation, and ignored, and
/// so is what it does not do. It is given to the engine (``EngineOptions/plugins``) and makes an observer for each
/// invocation. Observers are asked in the order of their plugins. They are Swift values, so the engine's options name them:
/// AWS's environment variable of plugin names is not read.
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
/// handler may call at once. Only ``invocationStarted(_:)`` and ``invocationEnded(_:as:error:)`` are waited for.
///
/// For one operation they come in this order: it starts, a body starts, the body ends, its outcome is recorded, the
/// operation ends, user code goes on. A handler that is kept in memory while its execution is suspended is told of like one
/// that runs again: the bodies that it is in end as incomplete with one invocation, and it starts them, and the operations
/// around them, with the next.
///
/// After a crash, what had happened since the execution was last suspended is told once more.
public protocol DurableObserver: Sendable {
    /// The invocation begins: before user code, once the state is loaded.
    func invocationStarted(_ invocation: ObservedInvocation) async throws

    /// What the invocation came to is settled, and everything that its operations recorded is durable. The engine hears of
    /// it when this returns: the moment to flush.
    ///
    /// - Parameter error: What the handler failed with, or why the invocation came to nothing, where that is known.
    func invocationEnded(
        _ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome, error: RecordedError?
    ) async throws

    /// An operation begins, before that is recorded; or goes on, in a later invocation than it began in. Not called for one
    /// that has ended.
    func operationStarted(_ operation: ObservedOperation) throws

    /// An operation has ended. Called in the first invocation that sees it, once, before the operation returns to user code;
    /// where user code does not ask for it, before the invocation ends. What leaves no record, or none of its result, ends
    /// anew on every replay.
    func operationEnded(_ operation: ObservedOperation) throws

    /// A checkpoint's reply told of these operations, the handler's own and others.
    func operationsChanged(_ operations: [ObservedOperation]) throws

    /// The body of a step, of a condition's check, of a child context or of a branch begins.
    func bodyStarted(_ body: ObservedBody) throws

    /// Such a body has ended. Called before its outcome is recorded.
    ///
    /// - Parameter error: What it failed with.
    func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError?) throws

    /// Runs such a body: the place to bind task-local values around it, such as a tracing context. They stay bound when the
    /// handler is kept over several invocations.
    ///
    /// - Parameter run: Must be called once. If it is not, the body runs all the same, without what was to surround it; a
    ///   second call does nothing.
    nonisolated(nonsending) func surround(
        _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
    ) async throws

    /// The trace header that a chained invoke passes on: the first observer that gives one decides. Asked before the start
    /// of the invoke is recorded.
    func traceHeader(for operation: ObservedOperation) throws -> String?

    /// What a logger adds to each message. Asked when a message is logged, where it is logged.
    ///
    /// - Parameter body: Whose logger it is: the body's own, or that of the context that it runs on. Nil: the handler's.
    func logMetadata(for body: ObservedBody?) throws -> Logger.Metadata
}

extension DurableObserver {
    public func invocationStarted(_ invocation: ObservedInvocation) async throws {}
    public func invocationEnded(
        _ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome, error: RecordedError?
    ) async throws {}
    public func operationStarted(_ operation: ObservedOperation) throws {}
    public func operationEnded(_ operation: ObservedOperation) throws {}
    public func operationsChanged(_ operations: [ObservedOperation]) throws {}
    public func bodyStarted(_ body: ObservedBody) throws {}
    public func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError?) throws {}

    public nonisolated(nonsending) func surround(
        _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
    ) async throws {
        await run()
    }

    public func traceHeader(for operation: ObservedOperation) throws -> String? { nil }
    public func logMetadata(for body: ObservedBody?) throws -> Logger.Metadata { [:] }
}
