import ExecutionEngine
import ExecutionModel
import Logging

/// What a handler makes its durable calls on: each is recorded once and, on every later run, answered from the record.
///
/// A handler runs from its beginning each time its execution goes on; calls that the history holds return at once. So
/// the code between durable calls has to do the same each time: whatever depends on time, randomness, other machines or
/// changing data belongs inside a ``step(_:retry:semantics:serdes:execution:body:)``.
///
/// A context belongs to one handler or one branch, makes one call at a time, and is not `Sendable`: passing it to
/// another task, `async let` on it, and using it inside a child context's body do not compile. It may be passed to any
/// `nonisolated` function that the handler calls.
///
/// When a call has to wait longer than the invocation should, it throws an error that only the SDK knows. Let it pass:
/// from then on every call throws it, and what the handler does with it has no effect on the execution. A task group
/// of the handler's own delays this until its children end.
public final class DurableContext {
    let invocation: HandlerInvocation
    /// The nearest enclosing recorded context; nil at the root.
    let parentID: OperationID?
    private var path: OperationPath
    private var phase = Phase.idle
    private let replay: ReplayFlag

    /// Logs with the execution's name, and only what is new: nothing while the context replays.
    public private(set) lazy var logger = makeLogger()

    private enum Phase {
        case idle, busy, closed
    }

    /// - Parameter isReplaying: Whether what encloses the context replays.
    init(_ invocation: HandlerInvocation, in parentID: OperationID?, isReplaying: Bool) {
        self.invocation = invocation
        self.parentID = parentID
        path = OperationPath(in: parentID)
        replay = ReplayFlag(isReplaying && invocation.hasRow(path.next))
    }

    /// Whether the handler is still in what earlier runs of it have done.
    public var isReplaying: Bool { replay.isReplaying }

    /// Whether the invocation is over and every durable call throws: what a loop that catches errors has to ask.
    public var isSuspending: Bool { invocation.isSuspending }

    /// The execution's id: equal on every run, and never that of another execution, in this log or any other.
    public var executionID: String { invocation.input.execution.description }

    /// The name that the execution was started with.
    public var executionName: String { invocation.input.name }

    /// The execution's Amazon Resource Name.
    public var executionARN: String { invocation.input.arn }

    /// The name of the function that runs.
    public var functionName: String { invocation.input.function }

    private func makeLogger() -> Logger {
        var logger = invocation.input.logger
        logger.handler = ReplayAwareLogHandler(logger.handler, replay: replay)
        if let parentID { logger[metadataKey: "parent-id"] = "\(parentID)" }
        return logger
    }

    /// Forbids every further call: the handler or the branch has ended.
    func close() {
        phase = .closed
    }
}

// MARK: One operation

extension DurableContext {
    /// Runs `body` as this context's next operation: gives it its identity, and forbids other operations meanwhile.
    nonisolated(nonsending) func operation<Result>(
        _ type: OperationType, _ subType: String, _ name: String?,
        _ body: nonisolated(nonsending) (OperationIdentity) async throws -> Result
    ) async throws -> Result {
        try await use("\(subType)\(name.map { " '\($0)'" } ?? "")")
        let name = try Self.checked(name)
        phase = .busy
        defer { if case .busy = phase { phase = .idle } }
        let identity = OperationIdentity(
            id: path.take(), parentID: parentID, type: type, subType: subType, name: name)
        let result = try await body(identity)
        if !invocation.hasRow(path.next) { replay.end() }
        return result
    }

    /// Checks that a durable call may be made now.
    nonisolated(nonsending) func use(_ what: @autoclosure () -> String) async throws {
        switch phase {
        case .idle: break
        case .busy:
            throw ContextError(
                code: .busy,
                message: """
                    \(what()) was called on a context that is in the middle of another operation: inside a step's body \
                    use no context, inside a child's body use the child's
                    """)
        case .closed:
            throw ContextError(
                code: .closed,
                message: "\(what()) was called on a context whose handler or branch has ended: do not keep a context")
        }
        try await invocation.admit()
    }

    /// Says that what follows has not run before: the next log message is new.
    func endReplay() {
        replay.end()
    }

    /// An empty name is no name.
    private static func checked(_ name: String?) throws -> String? {
        guard let name, !name.isEmpty else { return nil }
        guard name.isPrintableASCII(Limits.operationNameLengthMax) else {
            throw ContextError(
                code: .invalidName,
                message: "the name '\(name.prefix(64))' is not 1 to 256 printable ASCII characters")
        }
        return name
    }
}
