import ExecutionEngine
import ExecutionModel
import Logging
import Synchronization

/// What a handler makes its durable calls on: each is recorded once and, on every later run, answered from the record.
///
/// A handler runs from its beginning each time its execution goes on; calls that the history holds return at once. So
/// the code between durable calls has to do the same each time: whatever depends on time, randomness, other machines or
/// changing data belongs inside a ``step(_:retry:semantics:serdes:execution:body:)``, or comes from ``now``, ``random`` and
/// ``uuid()``.
///
/// A context belongs to one handler or one branch, makes one call at a time, and is not `Sendable`: passing it to
/// another task, `async let` on it, and using it inside a child context's body do not compile. It may be passed to any
/// `nonisolated` function that the handler calls.
///
/// When a call has to wait longer than the invocation should, it throws an error that only the SDK knows; or the handler is
/// kept and goes on where it is, which looks the same. Let that error pass: from then on every call throws it, and what the
/// handler does with it has no effect on the execution. A task group of the handler's own delays this until its children end.
public final class DurableContext {
    let run: HandlerRun
    let strand: Strand
    /// The nearest enclosing recorded context; nil at the root.
    let parentID: OperationID?
    var path: OperationPath
    private var phase = Phase.idle
    private let replay: ReplayFlag
    /// When the last thing happened that this context has seen.
    private(set) var lastTime: Timestamp
    /// What ``patched(_:)`` has answered.
    var patches: [String: Bool] = [:]
    /// Whether the code that this context belongs to has been told that its execution is to end.
    var isToldOfCancel: Bool
    /// Whether the history has gone past the end of this context: see ``ContextScope/isPast``.
    let isPast: Bool

    /// Random numbers that are the same on every replay, and different for every execution and every branch.
    ///
    /// ```swift
    /// let winner = Int.random(in: 0..<entries.count, using: &context.random)
    /// ```
    ///
    /// Nothing is recorded: the numbers follow from the execution's id and the context's place. They are not secret. What
    /// the standard library makes of them may differ with its version, so draw inside a step what must outlive a new build.
    public var random: DurableRandom

    /// Logs with the execution's name, and only what is new: nothing while the context replays.
    public private(set) lazy var logger = makeLogger()

    private enum Phase {
        case idle, busy, closed
    }

    /// - Parameters:
    ///   - prefix: What the ids of its operations begin with; nil at the root.
    ///   - parentID: The context that they are recorded in: not the prefix, where the context itself is not recorded.
    ///   - isReplaying: Whether what encloses the context replays.
    init(
        _ run: HandlerRun, strand: Strand, prefix: OperationID?, parentID: OperationID?, isReplaying: Bool,
        lastTime: Timestamp, isToldOfCancel: Bool = false, isPast: Bool = false
    ) {
        self.run = run
        self.strand = strand
        self.parentID = parentID
        self.lastTime = lastTime
        self.isToldOfCancel = isToldOfCancel
        self.isPast = isPast
        path = OperationPath(in: prefix)
        random = DurableRandom(execution: run.execution.id, context: prefix)
        replay = ReplayFlag(isReplaying && (isPast || run.hasHistory(after: path)))
    }

    /// Whether the handler is still in what earlier runs of it have done.
    public var isReplaying: Bool { replay.isReplaying }

    /// Whether the invocation is over and every durable call throws: what a loop that catches errors has to ask.
    public var isSuspending: Bool { run.isSuspending(strand) }

    /// The execution's id: equal on every run, and never that of another execution, in this log or any other.
    public var executionID: String { run.execution.id.description }

    /// The name that the execution was started with.
    public var executionName: String { run.execution.name }

    /// The execution's Amazon Resource Name.
    public var executionARN: String { run.execution.arn }

    /// The name of the function that runs.
    public var functionName: String { run.execution.function }

    /// The version of the function that the execution is pinned to: `$LATEST`, or a number.
    public var functionVersion: String { run.execution.version }

    /// Whose data the execution works on, as its starter said.
    public var tenantID: String? { run.execution.tenantID }

    private func makeLogger() -> Logger {
        let enclosing = parentID.flatMap { id in run.state.withLock { $0.watch.body(of: id) } }
        var logger = run.logger(for: enclosing, replay: run.function.options.logsReplays ? nil : replay)
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
    ///
    /// - Parameters:
    ///   - isOpen: Whether the operation goes on after `body` has returned.
    ///   - isRecorded: Whether the history has a record of the operation.
    nonisolated(nonsending) func operation<Result>(
        _ type: OperationType, _ subType: String, _ name: String?, isOpen: Bool = false, isRecorded: Bool = true,
        _ body: nonisolated(nonsending) (OperationIdentity) async throws -> Result
    ) async throws -> Result {
        try await use("\(subType)\(name.map { " '\($0)'" } ?? "")")
        let name = try Self.checked(name)
        phase = .busy
        defer {
            if case .busy = phase { phase = .idle }
            endReplayAtFrontier()
        }
        if run.isCancelRequested.load(ordering: .acquiring) { try await tellOfCancel() }
        let identity = OperationIdentity(
            id: path.take(), parentID: parentID, type: type, subType: subType, name: name)
        // A body runs once, and no replay draws what it has drawn.
        let drawn = random
        random = drawn.inside(path.count)
        defer { random = drawn }
        // What is open has not waited yet: whoever asks for its result is told.
        if !isOpen, run.isCancelRequested.load(ordering: .acquiring) { try await rethrowCancel(of: identity) }
        do {
            return try await run.observed(identity, isOpen: isOpen, isRecorded: isRecorded) {
                do { return try await body(identity) } catch { throw run.passing(error, on: strand) }
            }
        } catch let cancelled as ExecutionCancelledError {
            // It may have been told to a context inside, and come out of it.
            isToldOfCancel = true
            throw cancelled
        }
    }

    /// What comes after an operation, or after its failure, has not run before when the history holds nothing that follows. A
    /// suspension is followed by nothing.
    private func endReplayAtFrontier() {
        if replay.isReplaying, !hasHistoryAhead, !run.isSuspending { replay.end() }
    }

    /// Whether earlier runs have gone further than this one has come.
    var hasHistoryAhead: Bool { isPast || run.hasHistory(after: path) }

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
        try await run.admit(strand)
    }

    /// The value that was recorded for one of this context's operations.
    nonisolated(nonsending) func decoded<Value: Decodable>(
        _ type: Value.Type = Value.self, from bytes: [UInt8]?, of operation: OperationID?, _ serdes: any Serdes,
        as what: @autoclosure () -> String
    ) async throws -> Value {
        do {
            return try await serdes.decoded(
                type, from: bytes, for: SerdesPlace(run.execution, operation: operation?.rawValue), as: what())
        } catch {
            throw run.passing(error, on: strand)
        }
    }

    /// Called when an operation is about to begin, or an attempt of one.
    ///
    /// - Throws: ``ReplayError`` when the history does not hold the operation and holds what comes after it, or inside it.
    func begin(_ identity: OperationIdentity) throws {
        if isReplaying, !run.hasRow(identity.id), isPast || run.hasHistory(from: path) {
            throw run.diverge(recorded: nil, attempted: identity)
        }
        replay.end()
    }

    /// Says that what follows has not run before: the next log message is new.
    func endReplay() {
        replay.end()
    }

    /// Notes when an operation came to where it stands.
    func note(_ row: Operation) {
        note(row.lastTime)
    }

    func note(_ time: Timestamp?) {
        if let time { lastTime = max(lastTime, time) }
    }

    /// Waits until the operation is not awaited any more. Suspends the execution meanwhile, when nothing else of it runs.
    @inline(never)
    nonisolated(nonsending) func settled(_ identity: OperationIdentity) async throws -> Operation {
        while true {
            if let row = settledRow(identity) { return row }
            let isCancelRequested = run.isCancelRequested.load(ordering: .acquiring)
            if isCancelRequested { try await tellOfCancel(interrupting: identity) }
            try await run.awaitChange(of: identity.id, on: strand, knowsOfCancel: isCancelRequested)
        }
    }

    /// The row of an operation that has one; nil while it is awaited.
    @inline(never)
    private func settledRow(_ identity: OperationIdentity) -> Operation? {
        guard let row = run.row(identity.id) else {
            preconditionFailure("operation \(identity) is waited for and has no row")
        }
        guard !row.isAwaited else { return nil }
        note(row)
        return row
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
