/// What an operation is. The names and their order are AWS's `OperationType`.
package enum OperationType: UInt8, Hashable, Sendable, CaseIterable {
    case execution, context, step, wait, callback, chainedInvoke
}

/// What an update asks for. AWS's `OperationAction`.
package enum OperationAction: UInt8, Hashable, Sendable, CaseIterable {
    case start, succeed, fail, retry, cancel
}

/// Where an operation stands. AWS's `OperationStatus`.
package enum OperationStatus: UInt8, Hashable, Sendable, CaseIterable {
    case started, pending, ready, succeeded, failed, cancelled, timedOut, stopped

    /// Whether nothing can change the operation any more.
    package var isTerminal: Bool {
        switch self {
        case .started, .pending, .ready: false
        case .succeeded, .failed, .cancelled, .timedOut, .stopped: true
        }
    }
}

/// Where an execution stands. AWS's `ExecutionStatus`.
package enum ExecutionStatus: UInt8, Hashable, Sendable, CaseIterable {
    case running, succeeded, failed, timedOut, stopped
    /// A pause is asked for, and an invocation is in flight that has not made a checkpoint since.
    case pausing
    /// Its operations go on; its handler is not invoked.
    case paused

    package var isTerminal: Bool {
        switch self {
        case .running, .pausing, .paused: false
        case .succeeded, .failed, .timedOut, .stopped: true
        }
    }
}

/// What names an operation: fixed by its first event, repeated and compared on every update and every replay.
package struct OperationIdentity: Hashable, Sendable {
    package var id: OperationID
    /// The nearest enclosing recorded context; nil at the root.
    package var parentID: OperationID?
    package var type: OperationType
    package var subType: String?
    package var name: String?

    package init(
        id: OperationID, parentID: OperationID? = nil, type: OperationType, subType: String? = nil, name: String? = nil
    ) {
        self.id = id
        self.parentID = parentID
        self.type = type
        self.subType = subType
        self.name = name
    }
}

/// One row of an execution's operation table: what a handler is given to replay from.
package struct Operation: Hashable, Sendable {
    package var identity: OperationIdentity
    package var status: OperationStatus
    package var startTime: Timestamp
    package var endTime: Timestamp?
    package var result: Payload?
    package var error: ErrorObject?
    package var details: Details

    package enum Details: Hashable, Sendable {
        case execution(input: Payload?, cancelRequest: CancelRequest?)
        case context(replayChildren: Bool)
        /// `attempt` counts the attempts that have ended: the one that runs next, or now, is `attempt + 1`.
        case step(attempt: UInt32, nextAttemptTime: Timestamp?)
        case wait(scheduledEndTime: Timestamp)
        case callback(callbackID: CallbackID)
        /// The execution that it started; nil when the function was not found.
        case chainedInvoke(child: ExecutionID?)
    }

    package init(
        identity: OperationIdentity, status: OperationStatus, startTime: Timestamp, endTime: Timestamp? = nil,
        result: Payload? = nil, error: ErrorObject? = nil, details: Details
    ) {
        self.identity = identity
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.result = result
        self.error = error
        self.details = details
    }
}

/// Somebody wants an execution to end, and its handler may have its say first.
package struct CancelRequest: Hashable, Sendable {
    package var time: Timestamp
    package var reason: String?

    package init(time: Timestamp, reason: String?) {
        self.time = time
        self.reason = reason
    }
}
