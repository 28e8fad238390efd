import ExecutionModel

/// One execution: what its events came to, and what may happen next.
///
/// A value: `decide…` reads it, ``apply(_:at:)`` folds in what was recorded. Recovery only applies. Beside the record
/// there is a volatile part (which changes the handler has been told, how many checkpoints its invocation has made) that
/// dies with the process, as the invocation does.
package struct ExecutionState: Sendable {
    package let id: ExecutionID
    package let start: ExecutionStart
    package let startTime: Timestamp

    package private(set) var status = ExecutionStatus.running
    package private(set) var endTime: Timestamp?
    package private(set) var result: Payload?
    package private(set) var error: ErrorObject?
    /// Events recorded so far: the next one's sequence is this plus one.
    package private(set) var sequence: UInt32 = 0
    /// When the last event was recorded.
    package private(set) var lastTime: Timestamp

    /// The invocations started so far: the number of the latest.
    package private(set) var invocationCount: UInt32 = 0
    package private(set) var phase = InvocationPhase.none
    /// Crashed invocations in a row.
    private(set) var failedInvocationCount = 0
    /// Invocations in a row that suspended with nothing pending.
    private(set) var refusedInvocationCount = 0
    /// Operations as AWS meters them: rows, retries and polls.
    package private(set) var meteredOperationCount = 1
    /// Bytes of payloads and errors recorded.
    package private(set) var meteredByteCount: Int

    /// In the order of their first events. Empty once the execution has ended.
    private(set) var rows: [OperationRow] = []
    private(set) var ordinals: [OperationID: OperationOrdinal] = [:]
    private(set) var timers = TimerQueue()
    /// Rows of which ``OperationRow/isPending`` holds.
    private(set) var pendingCount = 0

    /// Volatile: the checkpoints that the invocation in flight has made.
    private var checkpointCount: UInt32 = 0
    /// Volatile: the rows changed since the handler was last told.
    private var changes: [OperationOrdinal] = []

    init(_ start: ExecutionStart, number: ExecutionNumber, at time: Timestamp) {
        self.id = ExecutionID(number: number, random: start.random)
        self.start = start
        self.startTime = time
        self.lastTime = time
        self.sequence = 1
        self.meteredByteCount = start.input?.length ?? 0
    }
}

/// Where an execution stands with its handler.
package enum InvocationPhase: Hashable, Sendable {
    /// Never invoked.
    case none
    /// `since`: when the invocation started.
    case inFlight(requestID: RandomBits, since: Timestamp)
    /// `mustWake`: an operation changed that the handler has not seen.
    case suspended(mustWake: Bool)
    /// The last invocation failed; the next may start at `retryTime`.
    case failed(retryTime: Timestamp)
    case held(Divergence)
    /// The last invocation ended, and the execution with it.
    case over
}

/// What an execution is up to, so that the runtime knows what to do with it.
package enum Readiness: Hashable, Sendable {
    case ended
    case inFlight
    /// Its handler should be invoked now.
    case runnable
    /// Nothing to do before ``ExecutionState/nextDue`` or a callback's answer.
    case waiting
    /// A replay disagreed with the history: it may be invoked, and is worth it once its function is registered anew.
    case held
}

extension ExecutionState {
    package var number: ExecutionNumber { id.number }

    package var isInFlight: Bool {
        if case .inFlight = phase { true } else { false }
    }

    /// Why the execution is held; nil when it is not.
    package var hold: Divergence? {
        if case .held(let divergence) = phase { divergence } else { nil }
    }

    package func readiness(at now: Timestamp) -> Readiness {
        if status.isTerminal { return .ended }
        switch phase {
        case .none: return .runnable
        case .inFlight: return .inFlight
        case .suspended(let mustWake): return mustWake ? .runnable : .waiting
        case .failed(let retryTime): return retryTime <= now ? .runnable : .waiting
        case .held: return .held
        case .over: preconditionFailure("execution \(id): its last invocation is over, and it is not")
        }
    }

    /// When something happens by itself: the earliest of waits, retries, callback and heartbeat timeouts, the
    /// execution's timeout, and the end of the back-off after a failed invocation. Nil: nothing does.
    package var nextDue: Timestamp? {
        if status.isTerminal { return nil }
        var due = timers.nextDue
        if let executionDue { due = min(due ?? executionDue, executionDue) }
        if case .failed(let retryTime) = phase { due = min(due ?? retryTime, retryTime) }
        return due
    }

    /// When the execution times out.
    var executionDue: Timestamp? {
        start.timeout.map { startTime.adding($0) }
    }

    /// The token of the next checkpoint; nil when no invocation may make one.
    package var currentToken: CheckpointToken? {
        guard isInFlight, !status.isTerminal else { return nil }
        return CheckpointToken(execution: id, invocation: invocationCount, sequence: checkpointCount)
    }

    /// Whether an operation changed after the handler was last told.
    package var hasUnseenChanges: Bool { !changes.isEmpty }

    /// Operations begun so far, ended executions included.
    package var operationCount: Int { rows.count }

    /// The row of an operation of this execution; nil for another id, and once the execution has ended.
    package func operation(_ id: OperationID) -> Operation? {
        ordinals[id].map { rows[Int($0.rawValue)].operation }
    }

    /// The rows in the order of their first events, without the execution's own.
    package var operations: some RandomAccessCollection<Operation> {
        rows.lazy.map(\.operation)
    }
}

// MARK: - Applying

extension ExecutionState {
    /// Folds in a recorded event. Never throws and asks for nothing: recovery runs this alone.
    package mutating func apply(_ event: Event, at time: Timestamp) {
        sequence += 1
        lastTime = max(lastTime, time)
        switch event {
        case .executionStarted:
            preconditionFailure("execution \(id) started twice: the log holds what decide refuses")
        case .executionSucceeded(let result):
            end(.succeeded, result: result, error: nil, at: time)
        case .executionFailed(let error):
            end(.failed, result: nil, error: error, at: time)
        case .executionTimedOut(let error):
            end(.timedOut, result: nil, error: error, at: time)
        case .executionStopped(let error):
            end(.stopped, result: nil, error: error, at: time)
        case .executionHeld(let divergence):
            phase = .held(divergence)
        case .invocationStarted(let requestID):
            precondition(!isInFlight, "execution \(id) is invoked while an invocation is in flight")
            invocationCount += 1
            phase = .inFlight(requestID: requestID, since: time)
            checkpointCount = 0
        case .invocationCompleted(let end):
            applyInvocationEnd(end, at: time)
        case .contextStarted, .contextSucceeded, .contextFailed, .stepStarted, .stepSucceeded, .stepFailed, .stepReady,
            .waitStarted, .waitSucceeded, .waitCancelled, .callbackStarted, .callbackSucceeded, .callbackFailed,
            .callbackTimedOut, .callbackHeartbeat:
            applyOperation(event, at: time)
            timers.settle(rows)
        }
    }

    private mutating func end(
        _ status: ExecutionStatus, result: Payload?, error: ErrorObject?, at time: Timestamp
    ) {
        precondition(!self.status.isTerminal, "execution \(id) ended twice")
        self.status = status
        self.result = result
        self.error = error
        endTime = time
        meter(result, error)
        rows = []
        ordinals = [:]
        timers = TimerQueue()
        pendingCount = 0
        changes = []
        if !isInFlight { phase = .over }
    }

    private mutating func applyInvocationEnd(_ end: InvocationEnd, at time: Timestamp) {
        precondition(isInFlight, "execution \(id): an invocation ended that had not started")
        switch end {
        case .returned, .ignored:
            phase = .over
        case .suspended(let unseenChanges):
            phase = .suspended(mustWake: unseenChanges)
            failedInvocationCount = 0
            refusedInvocationCount = 0
        case .refused(let error):
            phase = .failed(retryTime: time)
            failedInvocationCount = 0
            refusedInvocationCount += 1
            meter(nil, error)
        case .crashed(let error, let retryDelay):
            phase = .failed(retryTime: time.adding(retryDelay))
            failedInvocationCount += 1
            meteredOperationCount += 1
            meter(nil, error)
        case .diverged(let error):
            // `executionHeld` follows in the same batch, and says where.
            phase = .suspended(mustWake: false)
            meter(nil, error)
        }
    }

    private mutating func applyOperation(_ event: Event, at time: Timestamp) {
        switch event {
        case .contextStarted(let operation):
            change(operation, .context, at: time) { _ in }
        case .contextSucceeded(let operation, let result, let replayChildren):
            meter(result, nil)
            change(operation, .context, at: time) {
                Context.succeeded(&$0, result: result, replayChildren: replayChildren, at: time)
            }
        case .contextFailed(let operation, let error):
            meter(nil, error)
            change(operation, .context, at: time) { $0.end(.failed, result: nil, error: error, at: time) }
        case .stepStarted(let operation):
            change(operation, .step, at: time) { Step.started(&$0) }
        case .stepSucceeded(let operation, let result, let delay):
            applyAttempt(operation, result: result, error: nil, isSuccess: true, nextAttemptDelay: delay, at: time)
        case .stepFailed(let operation, let error, let delay):
            applyAttempt(operation, result: nil, error: error, isSuccess: false, nextAttemptDelay: delay, at: time)
        case .stepReady(let operation):
            change(operation, .step, at: time) { Step.ready(&$0) }
        case .waitStarted(let operation, let duration):
            let ordinal = change(operation, .wait, at: time) { Wait.started(&$0, duration: duration, at: time) }
            arm(.wait, ordinal)
        case .waitSucceeded(let operation):
            change(operation, .wait, at: time) { $0.end(.succeeded, result: nil, error: nil, at: time) }
        case .waitCancelled(let operation, let error):
            change(operation, .wait, at: time) { $0.end(.cancelled, result: nil, error: error, at: time) }
        case .callbackStarted(let operation, let timeout, let heartbeatTimeout):
            let ordinal = change(operation, .callback, at: time) {
                Callback.started(&$0, timeout: timeout, heartbeatTimeout: heartbeatTimeout, at: time)
            }
            arm(.callbackTimeout, ordinal)
            arm(.callbackHeartbeat, ordinal)
        case .callbackSucceeded(let operation, let result):
            meter(result, nil)
            change(operation, .callback, at: time) { $0.end(.succeeded, result: result, error: nil, at: time) }
        case .callbackFailed(let operation, let error):
            meter(nil, error)
            change(operation, .callback, at: time) { $0.end(.failed, result: nil, error: error, at: time) }
        case .callbackTimedOut(let operation, let error):
            change(operation, .callback, at: time) { $0.end(.timedOut, result: nil, error: error, at: time) }
        case .callbackHeartbeat(let operation):
            guard case .existing(let ordinal) = operation else { preconditionFailure("a heartbeat starts no callback") }
            // The handler is not told of heartbeats, so this is no change that could wake it.
            Callback.heartbeat(&rows[Int(ordinal.rawValue)], at: time)
        case .executionStarted, .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped,
            .executionHeld, .invocationStarted, .invocationCompleted:
            preconditionFailure("\(event.eventKind) is about no operation")
        }
    }

    private mutating func applyAttempt(
        _ operation: OperationReference, result: Payload?, error: ErrorObject?, isSuccess: Bool,
        nextAttemptDelay: Milliseconds?, at time: Timestamp
    ) {
        meter(result, error)
        let ordinal = change(operation, .step, at: time) {
            Step.attemptEnded(
                &$0, result: result, error: error, isSuccess: isSuccess, nextAttemptDelay: nextAttemptDelay, at: time)
        }
        if nextAttemptDelay != nil {
            meteredOperationCount += 1
            arm(.stepRetry, ordinal)
        }
    }

    /// Changes the operation's row, which an operation's first event makes, and keeps what depends on it.
    @discardableResult
    private mutating func change(
        _ operation: OperationReference, _ type: OperationType, at time: Timestamp, _ body: (inout OperationRow) -> Void
    ) -> OperationOrdinal {
        let ordinal: OperationOrdinal
        switch operation {
        case .existing(let existing):
            ordinal = existing
            precondition(Int(ordinal.rawValue) < rows.count, "execution \(id) has no operation \(ordinal.rawValue)")
        case .first(let start):
            ordinal = OperationOrdinal(UInt32(rows.count))
            rows.append(makeRow(start, type, ordinal, at: time))
            ordinals[start.id] = ordinal
            meteredOperationCount += 1
            if rows[rows.count - 1].isPending { pendingCount += 1 }
        }
        let index = Int(ordinal.rawValue)
        precondition(
            rows[index].operation.identity.type == type, "operation \(ordinal.rawValue) of \(id) is no \(type)")
        precondition(!rows[index].operation.status.isTerminal, "operation \(ordinal.rawValue) of \(id) ended twice")
        let wasPending = rows[index].isPending
        body(&rows[index])
        if wasPending != rows[index].isPending { pendingCount += wasPending ? -1 : 1 }
        if !rows[index].isChanged {
            rows[index].isChanged = true
            changes.append(ordinal)
        }
        // What changes while no handler runs was done by the service: the handler must hear of it.
        if case .suspended = phase { phase = .suspended(mustWake: true) }
        return ordinal
    }

    private func makeRow(
        _ start: OperationStart, _ type: OperationType, _ ordinal: OperationOrdinal, at time: Timestamp
    ) -> OperationRow {
        let details: Operation.Details
        switch type {
        case .context: details = .context(replayChildren: false)
        case .step: details = .step(attempt: 0, nextAttemptTime: nil)
        case .wait: details = .wait(scheduledEndTime: time)
        case .callback: details = .callback(callbackID: CallbackID(execution: id, ordinal: ordinal))
        case .execution, .chainedInvoke: preconditionFailure("no event starts a row of type \(type)")
        }
        let parentID = start.parent.map { rows[Int($0.rawValue)].operation.identity.id }
        let identity = OperationIdentity(
            id: start.id, parentID: parentID, type: type, subType: start.subType, name: start.name)
        return OperationRow(
            operation: Operation(identity: identity, status: .started, startTime: time, details: details),
            parent: start.parent)
    }

    private mutating func arm(_ kind: Timer.Kind, _ ordinal: OperationOrdinal) {
        guard let due = rows[Int(ordinal.rawValue)].due(kind) else { return }
        timers.add(Timer(due: due, ordinal: ordinal, kind: kind))
    }

    private mutating func meter(_ payload: Payload?, _ error: ErrorObject?) {
        meteredByteCount += (payload?.length ?? 0) + (error?.byteCount ?? 0)
    }
}

// MARK: - Delivery

extension ExecutionState {
    /// The rows for an invocation's start, the execution's own first; what lies in a closed context that will not be
    /// replayed is left out. Everything is told by it: only what changes from here on is unseen.
    package mutating func deliverAll() -> [Operation] {
        clearChanges()
        var operations = [executionRow]
        operations.reserveCapacity(rows.count + 1)
        // A parent stands before its children, so one pass settles it.
        var hidesChildren = [Bool](repeating: false, count: rows.count)
        for (index, row) in rows.enumerated() {
            let isHidden = row.parent.map { hidesChildren[Int($0.rawValue)] } ?? false
            hidesChildren[index] = isHidden || row.operation.isClosedForReplay
            if !isHidden { operations.append(row.operation) }
        }
        return operations
    }

    /// The rows that changed since the handler was last told, in the order of their first events. Counts the checkpoint
    /// that it answers: call it once for each one accepted, and read ``currentToken`` afterwards.
    package mutating func deliverChanges() -> [Operation] {
        checkpointCount += 1
        if changes.count > 1 { changes.sort() }
        let operations = changes.map { rows[Int($0.rawValue)].operation }
        clearChanges()
        return operations
    }

    /// The operation that stands for the execution itself.
    package var executionRow: Operation {
        let status: OperationStatus
        switch self.status {
        case .running: status = .started
        case .succeeded: status = .succeeded
        case .failed: status = .failed
        case .timedOut: status = .timedOut
        case .stopped: status = .stopped
        }
        return Operation(
            identity: OperationIdentity(id: OperationID(id.description), type: .execution, name: start.name),
            status: status, startTime: startTime, endTime: endTime, result: result, error: error,
            details: .execution(input: start.input))
    }

    private mutating func clearChanges() {
        for ordinal in changes { rows[Int(ordinal.rawValue)].isChanged = false }
        changes.removeAll(keepingCapacity: true)
    }
}

extension Operation {
    /// Whether a replay takes the operation's recorded outcome and never looks inside it.
    var isClosedForReplay: Bool {
        guard case .context(let replayChildren) = details else { return false }
        return status.isTerminal && !replayChildren
    }
}
