import ExecutionModel

/// What somebody outside wants of a running execution, and what is done with an ended one. SPEC.md, "Pause", "Cancellation"
/// and "Deletion", has the rules.
extension ExecutionState {
    /// Lets nothing of the handler run until ``decideResume(reason:)``. What it waits for goes on.
    ///
    /// An invocation in flight goes on to its next checkpoint; that one is accepted, and gives no token for another.
    package func decidePause(_ request: PauseRequest) throws(EngineError) -> Decision<Void> {
        try check(reason: request.reason)
        guard status == .running else { throw .conflict("Cannot pause an execution that is \(status.title).") }
        var events: [Event] = [.executionPauseRequested(request)]
        if !isInFlight { events.append(.executionPaused) }
        return Decision(events: events, reply: ())
    }

    /// Ends a pause, or takes back its request. The handler is invoked when something has come for it meanwhile, or the
    /// pause had cut its invocation short.
    package func decideResume(reason: String?) throws(EngineError) -> Decision<Void> {
        try check(reason: reason)
        switch status {
        case .pausing: return Decision(events: [.executionPauseCancelled(reason: reason)], reply: ())
        case .paused: return Decision(events: [.executionResumed(reason: reason)], reply: ())
        case .running, .succeeded, .failed, .timedOut, .stopped:
            throw .conflict("Cannot resume an execution that is \(status.title).")
        }
    }

    /// Asks the handler to end, as it sees fit. One request is all there is: another changes nothing.
    package func decideCancel(reason: String?) throws(EngineError) -> Decision<Void> {
        try check(reason: reason)
        guard !status.isTerminal, cancelRequest == nil else { return Decision(reply: ()) }
        return Decision(events: [.executionCancelRequested(reason: reason)], reply: ())
    }

    /// Drops an ended execution that nobody holds.
    package func decideDeletion() throws(EngineError) -> Decision<Void> {
        guard status.isTerminal else {
            throw .conflict("Cannot delete an execution that is \(status.title): stop it first.")
        }
        try requireNoHold()
        // Its handler may not have noticed the end yet. Nobody will hear of it.
        guard isInFlight else { return Decision(events: [.executionDeleted], reply: ()) }
        return Decision(
            events: [.invocationCompleted(.ignored(error: nil)), .executionDeleted], effects: [.cancelInvocation],
            reply: ())
    }

    func check(reason: String?) throws(EngineError) {
        guard let reason, reason.count > Limits.reasonLengthMax || reason.utf8.count > 4 * Limits.reasonLengthMax
        else { return }
        throw .invalid("Invalid Reason: at most \(Limits.reasonLengthMax) characters.")
    }
}

extension ExecutionStatus {
    /// AWS's spelling.
    package var title: String {
        switch self {
        case .running: "RUNNING"
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        case .timedOut: "TIMED_OUT"
        case .stopped: "STOPPED"
        case .pausing: "PAUSING"
        case .paused: "PAUSED"
        }
    }
}
