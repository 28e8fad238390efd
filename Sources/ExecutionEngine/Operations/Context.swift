import ExecutionModel

/// A group of operations with a result of its own. STARTED → SUCCEEDED or FAILED, by the handler alone. SPEC.md,
/// "Context", has the state table.
enum Context {
    static func decide(
        _ update: OperationUpdate, _ status: OperationStatus?, _ operation: OperationReference
    ) throws(EngineError) -> Event {
        switch update.action {
        case .start:
            guard status == nil else { throw .invalid("Cannot start a CONTEXT that already exist.") }
            return .contextStarted(operation)
        case .succeed:
            try requireOpen(status)
            try update.requireNoError()
            guard case .context(let replayChildren) = update.options else {
                return .contextSucceeded(operation, result: update.result, replayChildren: false)
            }
            return .contextSucceeded(operation, result: update.result, replayChildren: replayChildren)
        case .fail:
            try requireOpen(status)
            try update.requireNoPayload()
            return .contextFailed(operation, error: update.error)
        case .retry, .cancel:
            throw .invalidAction
        }
    }

    private static func requireOpen(_ status: OperationStatus?) throws(EngineError) {
        guard status == nil || status == .started else { throw .invalid("Invalid current CONTEXT state to close.") }
    }

    static func succeeded(_ row: inout OperationRow, result: Payload?, replayChildren: Bool, at time: Timestamp) {
        row.end(.succeeded, result: result, error: nil, at: time)
        row.operation.details = .context(replayChildren: replayChildren)
    }
}
