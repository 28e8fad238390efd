/// A recorded fact of an execution. Its kind, time, execution and sequence stand in the frame's directory; the body holds
/// the rest. SPEC.md gives every field.
///
/// The cases are AWS's history events, and the internal facts that replay needs and AWS does not show.
package enum Event: Hashable, Sendable {
    // The execution.
    case executionStarted(ExecutionStart)
    case executionSucceeded(result: Payload?)
    case executionFailed(error: ErrorObject?)
    case executionTimedOut(error: ErrorObject?)
    case executionStopped(error: ErrorObject)
    /// Internal. A replay disagreed with the history: nothing runs until the function is registered anew.
    case executionHeld(Divergence)
    /// Internal. The execution is to pause: at once, or when its invocation in flight makes its next checkpoint.
    case executionPauseRequested(PauseRequest)
    /// Internal. It was resumed before it had paused.
    case executionPauseCancelled(reason: String?)
    case executionPaused
    case executionResumed(reason: String?)
    /// Internal. The handler is to be told, once, that somebody wants the execution to end.
    case executionCancelRequested(reason: String?)
    /// Internal. An ended execution is as if it had never been: its name is free.
    case executionDeleted
    /// Internal. The time for which an ended execution is kept is over: what follows is as after a deletion.
    case retentionTrimmed
    /// Internal. The time for which an ended execution's full history is kept is over: its summary is left. `endEventID`: the
    /// EventId of its end, which cannot be counted once the events before it are gone.
    case historyTrimmed(endEventID: UInt32)
    /// Internal. Until that name releases it, nothing of the execution is trimmed, and it is not deleted.
    case retentionHeld(name: String, reason: String?)
    /// Internal.
    case retentionReleased(name: String, reason: String?)

    // Its invocations.
    /// Internal. Its number counts from 1; it lifts a hold.
    case invocationStarted(requestID: RandomBits)
    case invocationCompleted(InvocationEnd)

    // Contexts.
    case contextStarted(OperationReference)
    case contextSucceeded(OperationReference, result: Payload?, replayChildren: Bool)
    case contextFailed(OperationReference, error: ErrorObject?)

    // Steps. A retry is a failure (or, for a poll, a success) with the delay to the next attempt.
    case stepStarted(OperationReference)
    case stepSucceeded(OperationReference, result: Payload?, nextAttemptDelay: Milliseconds?)
    case stepFailed(OperationReference, error: ErrorObject?, nextAttemptDelay: Milliseconds?)
    /// Internal. The delay is over.
    case stepReady(OperationReference)

    // Waits.
    case waitStarted(OperationReference, duration: Milliseconds)
    case waitSucceeded(OperationReference)
    case waitCancelled(OperationReference, error: ErrorObject?)

    // Callbacks.
    case callbackStarted(OperationReference, timeout: Milliseconds?, heartbeatTimeout: Milliseconds?)
    case callbackSucceeded(OperationReference, result: Payload?)
    case callbackFailed(OperationReference, error: ErrorObject?)
    case callbackTimedOut(OperationReference, error: ErrorObject)
    /// Internal.
    case callbackHeartbeat(OperationReference)

    // Chained invokes.
    case chainedInvokeStarted(OperationReference, ChainedInvokeStart)
    case chainedInvokeSucceeded(OperationReference, result: Payload?)
    case chainedInvokeFailed(OperationReference, error: ErrorObject?)
    case chainedInvokeTimedOut(OperationReference, error: ErrorObject)
    case chainedInvokeStopped(OperationReference, error: ErrorObject)
}

/// The operation that an event is about.
package enum OperationReference: Hashable, Sendable {
    /// Its first event: it takes the execution's next ordinal.
    case first(OperationStart)
    case existing(OperationOrdinal)
}

/// What an operation's first event says of it, beside what the kind of the event implies: its ``OperationType``.
package struct OperationStart: Hashable, Sendable {
    package var id: OperationID
    /// The nearest enclosing recorded context, which has begun before; nil at the root.
    package var parent: OperationOrdinal?
    package var subType: String?
    package var name: String?

    package init(
        id: OperationID, parent: OperationOrdinal? = nil, subType: String? = nil, name: String? = nil
    ) {
        self.id = id
        self.parent = parent
        self.subType = subType
        self.name = name
    }
}

/// How an invocation ended, and what follows from it, so that recovery decides nothing anew.
package enum InvocationEnd: Hashable, Sendable {
    /// The handler reached its end. The execution's terminal event follows; `error` is that of a handler that failed.
    case returned(error: ErrorObject?)
    /// The handler suspended. `unseenChanges`: operations changed after it last looked, so it is invoked again at once.
    case suspended(unseenChanges: Bool)
    /// The handler suspended with nothing pending, so nothing could ever wake it. Tried again a few times.
    case refused(error: ErrorObject)
    /// The invocation itself failed; it is tried again after `retryDelay`.
    case crashed(error: ErrorObject, retryDelay: Milliseconds)
    /// The replay disagreed with the history; ``Event/executionHeld(_:)`` follows and says where.
    case diverged(error: ErrorObject)
    /// The execution had ended before the invocation did (stopped, timed out, or its result was checkpointed).
    case ignored(error: ErrorObject?)

    package var error: ErrorObject? {
        switch self {
        case .returned(let error), .ignored(let error): error
        case .refused(let error), .crashed(let error, _), .diverged(let error): error
        case .suspended: nil
        }
    }
}

/// How an execution is paused, until it is resumed.
package struct PauseRequest: Hashable, Sendable {
    package var reason: String?
    /// Whether the execution's own timeout waits too.
    package var pausesTimeout: Bool

    package init(reason: String? = nil, pausesTimeout: Bool = true) {
        self.reason = reason
        self.pausesTimeout = pausesTimeout
    }
}

/// What starts an execution: everything about it that never changes.
package struct ExecutionStart: Hashable, Sendable {
    /// Drawn for this execution, and known to the log and the engine alone: what the world must not be able to make up is
    /// derived from it (``ExecutionID``, ``CallbackID``, ``CheckpointToken``).
    package var secret: RandomBits
    package var function: String
    /// `$LATEST`, or the version that the execution is pinned to.
    package var version: String
    package var name: String
    package var input: Payload?
    /// Nil: no limit.
    package var timeout: Milliseconds?
    /// For how long the execution is kept after its end.
    package var retention: RetentionPolicy
    /// Whose data it works on, where a function serves many.
    package var tenantID: String?
    /// The trace that the start is part of, in AWS's `X-Amzn-Trace-Id` or any other form.
    package var traceHeader: String?
    /// The chained invoke that started it.
    package var parent: ParentLink?
    /// Whether it is the call of a plain function, which records nothing but its outcome.
    package var isPlain: Bool

    package init(
        secret: RandomBits, function: String, version: String = "$LATEST", name: String, input: Payload?,
        timeout: Milliseconds? = nil, retention: RetentionPolicy = .forever, tenantID: String? = nil,
        traceHeader: String? = nil, parent: ParentLink? = nil, isPlain: Bool = false
    ) {
        self.secret = secret
        self.function = function
        self.version = version
        self.name = name
        self.input = input
        self.timeout = timeout
        self.retention = retention
        self.tenantID = tenantID
        self.traceHeader = traceHeader
        self.parent = parent
        self.isPlain = isPlain
    }

    /// The first of the three forms that can say what the start does: it is recorded in that one.
    var kind: EventKind {
        if retention.simpleForm == nil { return .executionStartedWithPolicy }
        let isExtended =
            retention != .forever || tenantID != nil || traceHeader != nil || parent != nil || isPlain
        return isExtended ? .executionStartedExtended : .executionStarted
    }
}

/// Where a replay parted from the history: what the record holds, and what the handler asked for instead.
package struct Divergence: Hashable, Sendable {
    /// What the history holds in its place; nil when it holds nothing there, although it must.
    package var recorded: OperationIdentity?
    package var attempted: OperationIdentity

    package init(recorded: OperationIdentity?, attempted: OperationIdentity) {
        self.recorded = recorded
        self.attempted = attempted
    }
}

/// An event with where and when it was recorded.
package struct RecordedEvent: Hashable, Sendable {
    package var lsn: UInt64
    package var execution: ExecutionNumber
    /// Its place in its execution's history, from 1, internal facts included.
    package var sequence: UInt32
    package var time: Timestamp
    package var event: Event

    package init(lsn: UInt64, execution: ExecutionNumber, sequence: UInt32, time: Timestamp, event: Event) {
        self.lsn = lsn
        self.execution = execution
        self.sequence = sequence
        self.time = time
        self.event = event
    }
}
