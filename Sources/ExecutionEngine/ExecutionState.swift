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

    /// The longest an execution may take, however long it is paused.
    let delayMax: Milliseconds

    package internal(set) var status = ExecutionStatus.running
    package internal(set) var endTime: Timestamp?
    package internal(set) var result: Payload?
    package internal(set) var error: ErrorObject?
    /// Events recorded so far: the next one's sequence is this plus one.
    package internal(set) var sequence: UInt32 = 0
    /// When the last event was recorded.
    package internal(set) var lastTime: Timestamp
    /// AWS's EventId of the last event that it shows, up to the execution's end and not beyond it.
    var lastEventID: UInt32 = 1

    /// The invocations started so far: the number of the latest.
    package internal(set) var invocationCount: UInt32 = 0
    package internal(set) var phase = InvocationPhase.neverInvoked
    /// Crashed invocations in a row.
    var failedInvocationCount = 0
    /// Invocations in a row that suspended with nothing pending.
    var refusedInvocationCount = 0
    /// Operations as AWS meters them: rows, retries and polls.
    package internal(set) var meteredOperationCount = 1
    /// Bytes of payloads and errors recorded.
    package internal(set) var meteredByteCount: Int

    /// The pause that is on, or asked for; nil in every other status than these two.
    var pause: Pause?
    /// By how much pauses have put off the execution's timeout.
    var timeoutExtension = Milliseconds(0)
    package internal(set) var cancelRequest: CancelRequest?
    /// When the history of an ended execution was trimmed, so that its summary is left: this state. Nil: it was not.
    package internal(set) var historyTrimTime: Timestamp?
    /// In the order in which they began.
    package internal(set) var retentionHolds: [RetentionHold] = []
    /// Whether a pause has taken back the tokens of the latest invocation: what it still says is not heard.
    var isTokenRevoked = false

    /// The sequence of the last event that says that the handler had been told of everything before it; 0 when none has.
    /// What has changed since is unseen by the record, and by whoever recovers from it.
    var toldSequence: UInt32 = 0
    /// As ``OperationRow/changeSequence``, of the execution's own row.
    var changeSequence: UInt32 = 0
    /// Of the event that ended the execution; 0 when it has not ended, or did before the snapshot that it comes from.
    var endSequence: UInt32 = 0

    /// Operations begun so far; kept when the execution ends.
    package internal(set) var operationCount = 0
    /// In the order of their first events. Empty once the execution has ended.
    var rows: [OperationRow] = []
    var ordinals: [OperationID: OperationOrdinal] = [:]
    var timers = TimerQueue()
    /// Rows of which ``OperationRow/isAwaited`` holds.
    var awaitedCount = 0

    /// Volatile: the checkpoints that the invocation in flight has made.
    var checkpointCount: UInt32 = 0
    /// What the tokens of the latest invocation carry.
    var tokenCheck = RandomBits(high: 0, low: 0)
    /// Volatile: the rows changed since the handler was last told.
    var changes: [OperationOrdinal] = []
    /// Volatile: the execution's own row is among them.
    var isExecutionRowChanged = false

    /// The execution as its first event leaves it.
    ///
    /// - Parameter delayMax: The longest an execution may take: ``Limits/delayMax``.
    package init(start: ExecutionStart, number: ExecutionNumber, delayMax: Milliseconds, at time: Timestamp) {
        self.id = ExecutionID(number: number, secret: start.secret)
        self.start = start
        self.delayMax = delayMax
        self.startTime = time
        self.lastTime = time
        self.sequence = 1
        self.meteredByteCount = start.input?.length ?? 0
    }
}

/// A pause of an execution, from its request to its end.
struct Pause: Hashable, Sendable {
    var request: PauseRequest
    var requestTime: Timestamp
    /// Nil: it begins with the invocation's next checkpoint.
    var since: Timestamp?
}

/// Where an execution stands with its handler.
package enum InvocationPhase: Hashable, Sendable {
    case neverInvoked
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
    /// Until it is resumed.
    case paused
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
        if case .inFlight = phase { return .inFlight }
        if status == .paused { return .paused }
        // Its time is up, and only that is still to be recorded.
        if let executionDue, executionDue <= now { return .waiting }
        switch phase {
        case .neverInvoked: return .runnable
        case .inFlight: return .inFlight
        case .suspended(let mustWake): return mustWake ? .runnable : .waiting
        case .failed(let retryTime): return retryTime <= now ? .runnable : .waiting
        case .held: return .held
        // The two ends are one append, so this is another program's log: invoked again, the handler ends again.
        case .over: return .runnable
        }
    }

    /// When something happens by itself: the earliest of waits, retries, callback and heartbeat timeouts, the
    /// execution's timeout, and the end of the back-off after a failed invocation. Nil: nothing does.
    package var nextDue: Timestamp? {
        guard case .failed(let retryTime) = phase, !status.isTerminal, status != .paused else { return nextEventDue }
        return min(nextEventDue ?? retryTime, retryTime)
    }

    /// When time alone records something: as ``nextDue``, but for the end of a back-off, which only makes the execution
    /// runnable. One that is runnable already has nothing else to wait for.
    package var nextEventDue: Timestamp? {
        if status.isTerminal { return retentionDue }
        guard let executionDue else { return timers.nextDue }
        return min(timers.nextDue ?? executionDue, executionDue)
    }

    /// When the execution times out. A pause puts that off, but never beyond the longest time there is.
    var executionDue: Timestamp? {
        guard let timeout = start.timeout else { return nil }
        let last = startTime.adding(delayMax)
        if let pause, pause.since != nil, pause.request.pausesTimeout { return last }
        let due = startTime.adding(timeout).adding(timeoutExtension)
        return timeoutExtension.rawValue == 0 ? due : min(due, last)
    }

    /// The token of the next checkpoint; nil when no invocation may make one.
    package var currentToken: CheckpointToken? {
        guard isInFlight, !status.isTerminal, !isTokenRevoked else { return nil }
        return CheckpointToken(
            execution: number, invocation: invocationCount, sequence: checkpointCount, check: tokenCheck)
    }

    /// The id that a callback of this ordinal has.
    package func callbackID(_ ordinal: OperationOrdinal) -> CallbackID {
        CallbackID(execution: number, ordinal: ordinal, secret: start.secret)
    }

    /// Whether an operation changed after the handler was last told.
    package var hasUnseenChanges: Bool { !changes.isEmpty || isExecutionRowChanged }

    /// Whether somebody asked for the execution's end after the handler was last told.
    package var hasUnseenCancelRequest: Bool { isExecutionRowChanged }

    /// The pause that is on, or asked for.
    package var pauseRequest: (request: PauseRequest, time: Timestamp)? {
        pause.map { ($0.request, $0.requestTime) }
    }

    /// The row of an operation of this execution; nil for another id, and once the execution has ended.
    package func operation(_ id: OperationID) -> Operation? {
        ordinals[id].map { rows[Int($0.rawValue)].operation }
    }

    /// The rows in the order of their first events, without the execution's own. A copy: O(n).
    package var operations: [Operation] {
        rows.map(\.operation)
    }
}
