import ExecutionModel

/// A pause that holds nothing. STARTED → SUCCEEDED by the timer, or CANCELLED. SPEC.md, "Wait", has the state table.
enum Wait {
    static func decide(
        _ update: OperationUpdate, _ status: OperationStatus?, _ operation: OperationReference
    ) throws(EngineError) -> Event {
        switch update.action {
        case .start:
            guard status == nil else { throw .invalid("Cannot start a WAIT that already exist.") }
            guard case .wait(let duration) = update.options else {
                throw .invalid("Invalid WaitOptions for the given action.")
            }
            return .waitStarted(operation, duration: duration)
        case .cancel:
            guard status == .started else {
                throw .invalid("Cannot cancel a WAIT that does not exist or has already completed.")
            }
            return .waitCancelled(operation, error: update.error)
        case .succeed, .fail, .retry:
            throw .invalidAction
        }
    }

    static func started(_ row: inout OperationRow, duration: Milliseconds, at time: Timestamp) {
        row.operation.details = .wait(scheduledEndTime: time.adding(duration))
    }
}
