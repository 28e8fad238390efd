import ExecutionModel

/// An operation, and what the engine knows of it beyond what a handler is told.
struct OperationRow: Sendable {
    var operation: Operation
    /// The nearest enclosing recorded context.
    var parent: OperationOrdinal?
    /// When a callback times out.
    var callbackDue: Timestamp?
    /// The longest a callback may go without a heartbeat.
    var heartbeatTimeout: Milliseconds?
    /// When a callback times out for want of a heartbeat.
    var heartbeatDue: Timestamp?
    /// The last of its children so far, where it is a context: each child names the one before it.
    var lastChild: OperationOrdinal?
    var previousSibling: OperationOrdinal?
    /// Whether it lies in a context that has ended and is not replayed: no handler looks at it again, so what it came to
    /// is dropped.
    var isHidden = false
    /// The sequence of the last event of it that the handler was to be told of: for an operation that has ended, the event
    /// that ended it. 0, or 1 where that is unseen: it was before the snapshot that the row comes from.
    var changeSequence: UInt32 = 0
    /// Volatile: changed since the handler was last told.
    var isChanged = false

    /// Whether a suspended handler may wait for the operation: one that is hidden wakes nobody.
    var isAwaited: Bool { isPending && !isHidden }

    /// Whether the service will change the operation by itself.
    var isPending: Bool {
        switch operation.identity.type {
        case .step: operation.status == .pending
        case .wait, .callback, .chainedInvoke: operation.status == .started
        case .context, .execution: false
        }
    }

    /// When the timer of that kind fires; nil when there is none, or no longer.
    func due(_ kind: Timer.Kind) -> Timestamp? {
        guard isPending else { return nil }
        switch (kind, operation.details) {
        case (.wait, .wait(let scheduledEndTime)): return scheduledEndTime
        case (.stepRetry, .step(_, let nextAttemptTime)): return nextAttemptTime
        case (.callbackTimeout, .callback): return callbackDue
        case (.callbackHeartbeat, .callback): return heartbeatDue
        default: return nil
        }
    }

    /// Whether the record of the two is the same, whatever the handler has been told.
    func isRecordEqual(to other: OperationRow) -> Bool {
        operation == other.operation && parent == other.parent && callbackDue == other.callbackDue
            && heartbeatTimeout == other.heartbeatTimeout && heartbeatDue == other.heartbeatDue
            && lastChild == other.lastChild && previousSibling == other.previousSibling && isHidden == other.isHidden
    }

    mutating func end(_ status: OperationStatus, result: Payload?, error: ErrorObject?, at time: Timestamp) {
        operation.status = status
        operation.result = result
        operation.error = error
        operation.endTime = time
    }

    /// Drops what the operation came to, when it has ended.
    mutating func hide() {
        isHidden = true
        guard operation.status.isTerminal else { return }
        operation.result = nil
        operation.error = nil
    }
}
