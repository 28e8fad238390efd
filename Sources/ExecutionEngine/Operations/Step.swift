import ExecutionModel

/// Work of the handler whose outcome is recorded once. SPEC.md, "Step", has the state table.
///
/// STARTED (an attempt runs) → PENDING (waits for the next attempt) → READY (due) → STARTED …, and from STARTED or READY
/// to SUCCEEDED or FAILED.
enum Step {
    /// The event that an update comes to. `status` is the row's before the whole batch, nil when there is no row.
    static func decide(
        _ update: OperationUpdate, _ status: OperationStatus?, _ operation: OperationReference
    ) throws(EngineError) -> Event {
        switch update.action {
        case .start:
            guard status == nil || status == .ready else { throw .invalid("Invalid current STEP state to start.") }
            return .stepStarted(operation)
        case .succeed:
            try requireOpen(status, to: "close")
            try update.requireNoError()
            return .stepSucceeded(operation, result: update.result, nextAttemptDelay: nil)
        case .fail:
            try requireOpen(status, to: "close")
            try update.requireNoPayload()
            return .stepFailed(operation, error: update.error, nextAttemptDelay: nil)
        case .retry:
            try requireOpen(status, to: "re-attempt")
            guard case .step(let delay) = update.options else {
                throw .invalid("Invalid StepOptions for the given action.")
            }
            guard update.payload == nil || update.error == nil else {
                throw .invalid("Cannot provide both error and payload to RETRY a STEP.")
            }
            // A poll (`waitForCondition`) goes on with a state and no error: AWS records it as a success.
            return update.payload == nil
                ? .stepFailed(operation, error: update.error, nextAttemptDelay: delay)
                : .stepSucceeded(operation, result: update.result, nextAttemptDelay: delay)
        case .cancel:
            throw .invalidAction
        }
    }

    private static func requireOpen(_ status: OperationStatus?, to act: String) throws(EngineError) {
        switch status {
        case nil, .started, .ready: return
        case .pending, .succeeded, .failed, .cancelled, .timedOut, .stopped:
            throw .invalid("Invalid current STEP state to \(act).")
        }
    }

    /// A poll's state stays in the row: an attempt that a crash interrupts is made again from it.
    static func started(_ row: inout OperationRow) {
        row.operation.status = .started
        row.operation.error = nil
    }

    static func attemptEnded(
        _ row: inout OperationRow, result: Payload?, error: ErrorObject?, isSuccess: Bool,
        nextAttemptDelay: Milliseconds?, at time: Timestamp
    ) {
        guard case .step(let attempt, _) = row.operation.details else {
            preconditionFailure("operation \(row.operation.identity.id) is no step")
        }
        if let nextAttemptDelay {
            row.operation.status = .pending
            row.operation.result = result
            row.operation.error = error
            row.operation.details = .step(attempt: attempt + 1, nextAttemptTime: time.adding(nextAttemptDelay))
        } else {
            row.end(isSuccess ? .succeeded : .failed, result: result, error: error, at: time)
            row.operation.details = .step(attempt: attempt + 1, nextAttemptTime: nil)
        }
    }

    static func ready(_ row: inout OperationRow) {
        guard case .step(let attempt, _) = row.operation.details else {
            preconditionFailure("operation \(row.operation.identity.id) is no step")
        }
        row.operation.status = .ready
        row.operation.details = .step(attempt: attempt, nextAttemptTime: nil)
    }
}
