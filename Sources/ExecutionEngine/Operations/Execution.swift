import ExecutionModel

/// The execution as an operation: it ends by an update that must be its batch's last. SPEC.md, "Execution", has the state
/// table.
enum Execution {
    static func decide(_ update: OperationUpdate) throws(EngineError) -> Event {
        switch update.action {
        case .succeed:
            try update.requireNoError()
            return .executionSucceeded(result: update.result)
        case .fail:
            try update.requireNoPayload()
            return .executionFailed(error: update.error)
        case .start, .retry, .cancel:
            throw .invalidAction
        }
    }
}

/// What came of a request to stop an execution.
package struct StopReply: Hashable, Sendable {
    /// When the execution ended: now, or earlier when it had ended already.
    package var endTime: Timestamp
}

extension ExecutionState {
    /// Ends the execution from outside. One that has ended already stays as it is.
    package func decideStop(
        _ error: ErrorObject?, limits: Limits, at now: Timestamp
    ) throws(EngineError) -> Decision<StopReply> {
        if let endTime { return Decision(reply: StopReply(endTime: endTime)) }
        try limits.checkExternal(error)
        let error = error ?? ErrorObject(message: "Execution stopped by user request")
        return Decision(
            events: [.executionStopped(error: error)], effects: endEffects, reply: StopReply(endTime: now))
    }

    /// What follows when the execution ends while its handler may still run.
    var endEffects: [Effect] {
        isInFlight ? [.cancelInvocation, .executionEnded] : [.executionEnded]
    }
}
