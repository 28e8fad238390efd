import ExecutionModel

/// What the world outside does to a callback.
package enum CallbackCommand: Hashable, Sendable {
    case succeed([UInt8]?)
    case fail(ErrorObject?)
    /// Puts off the heartbeat timeout.
    case heartbeat
}

/// A result that comes from outside. STARTED → SUCCEEDED or FAILED by the one who holds its id, or TIMED_OUT. SPEC.md,
/// "Callback", has the state table.
enum Callback {
    static func decide(
        _ update: OperationUpdate, _ status: OperationStatus?, _ operation: OperationReference
    ) throws(EngineError) -> Event {
        guard update.action == .start else { throw .invalidAction }
        guard status == nil else { throw .invalid("Cannot start a CALLBACK that already exist.") }
        guard case .callback(let timeout, let heartbeatTimeout) = update.options else {
            return .callbackStarted(operation, timeout: nil, heartbeatTimeout: nil)
        }
        // AWS: 0 means none.
        return .callbackStarted(
            operation, timeout: timeout?.rawValue == 0 ? nil : timeout,
            heartbeatTimeout: heartbeatTimeout?.rawValue == 0 ? nil : heartbeatTimeout)
    }

    static func started(
        _ row: inout OperationRow, timeout: Milliseconds?, heartbeatTimeout: Milliseconds?, at time: Timestamp
    ) {
        row.callbackDue = timeout.map { time.adding($0) }
        row.heartbeatTimeout = heartbeatTimeout
        row.heartbeatDue = heartbeatTimeout.map { time.adding($0) }
    }

    static func heartbeat(_ row: inout OperationRow, at time: Timestamp) {
        row.heartbeatDue = row.heartbeatTimeout.map { time.adding($0) }
    }

    static let timeoutError = ErrorObject(message: "Callback timed out", type: "Callback.Timeout")
    static let heartbeatError = ErrorObject(message: "Callback timed out on heartbeat", type: "Callback.Heartbeat")
}

extension ExecutionState {
    /// Answers a callback, or puts off its heartbeat timeout.
    ///
    /// Throws `CallbackTimeoutException` for one that is closed, or whose deadline has passed although its timer has not
    /// fired yet: what the record says of times must be true.
    package func decideCallback(
        _ callback: CallbackID, _ command: CallbackCommand, limits: Limits, at now: Timestamp
    ) throws(EngineError) -> Decision<Void> {
        // First of all, so that a made-up id learns nothing, not even whether the operation exists.
        guard callback == callbackID(callback.ordinal) else { throw .callbackNotFound }
        let closed = EngineError(.callbackTimeout, "The callback has expired or is already closed.")
        guard !status.isTerminal else { throw closed }
        let index = Int(callback.ordinal.rawValue)
        guard index < rows.count, rows[index].operation.identity.type == .callback else { throw .callbackNotFound }
        guard rows[index].operation.status == .started else { throw closed }
        if let due = rows[index].due(.callbackTimeout), due <= now { throw closed }
        if let due = rows[index].due(.callbackHeartbeat), due <= now { throw closed }
        let operation = OperationReference.existing(callback.ordinal)
        switch command {
        case .succeed(let result):
            if let length = result?.count, length > limits.callbackResultLengthMax {
                throw .payloadTooLong("Callback result", length, limit: limits.callbackResultLengthMax)
            }
            return Decision(
                events: [.callbackSucceeded(operation, result: result.map { .inline($0) })], reply: ())
        case .fail(let error):
            try limits.checkExternal(error)
            return Decision(events: [.callbackFailed(operation, error: error)], reply: ())
        case .heartbeat:
            // Without a timeout to put off there is no fact to record.
            return Decision(
                events: rows[index].heartbeatTimeout == nil ? [] : [.callbackHeartbeat(operation)], reply: ())
        }
    }
}

extension EngineError {
    /// No execution or operation of this place, or a check that is not the callback's: which of them is not told.
    package static let callbackNotFound = EngineError(
        .resourceNotFound, "No callback has this id. Check that it is complete and belongs to this log.")
}
