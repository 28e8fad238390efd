import ExecutionModel

extension ExecutionState {
    /// Completes what is due. Nothing is, early or twice: a timer may be asked for at any time.
    ///
    /// - Parameter limit: How many events it may take. Each is a fact by itself; the rest is as due at the next turn.
    package func decideTimers(at now: Timestamp, limit: Int = .max) -> Decision<Void> {
        guard let nextDue, nextDue <= now else { return Decision(reply: ()) }
        if status.isTerminal { return decideTrim(at: now) }
        let due = dueEvents(at: now, except: [], limit: limit)
        return Decision(events: due.events, effects: due.effects, reply: ())
    }

    /// The events of what is due at `now`, `limit` at most, but for the waits that `batch` has just cancelled.
    func dueEvents(at now: Timestamp, except batch: [Event], limit: Int) -> (events: [Event], effects: [Effect]) {
        var events: [Event] = []
        let cancelled = Set(
            batch.lazy.compactMap { event in
                if case .waitCancelled(.existing(let ordinal), _) = event { ordinal } else { nil }
            })
        // When the execution's own time is up, nothing that would have come later happens any more.
        let isTimedOut = executionDue.map { $0 <= now } ?? false
        let end = isTimedOut ? min(executionDue ?? now, now) : now
        // One more than may be taken, so that the execution's end does not come before what is left.
        for timer in timers.due(at: end, rows, limit: limit == .max ? limit : limit + batch.count + 1) {
            if cancelled.contains(timer.ordinal) { continue }
            let operation = OperationReference.existing(timer.ordinal)
            switch timer.kind {
            case .wait: events.append(.waitSucceeded(operation))
            case .stepRetry: events.append(.stepReady(operation))
            case .callbackTimeout: events.append(.callbackTimedOut(operation, error: Callback.timeoutError))
            case .callbackHeartbeat: events.append(.callbackTimedOut(operation, error: Callback.heartbeatError))
            }
        }
        guard events.count <= limit else { return (Array(events.prefix(limit)), []) }
        guard isTimedOut, events.count < limit, let timeout = start.timeout else { return (events, []) }
        events.append(.executionTimedOut(error: ErrorObject(message: "Execution timed out after \(timeout.seconds).")))
        return (events, endEffects)
    }
}

extension Milliseconds {
    /// For messages: `90 seconds`, `1.500 seconds`.
    package var seconds: String {
        let milliseconds = String(1_000 + rawValue % 1_000).dropFirst()
        return rawValue % 1_000 == 0 ? "\(rawValue / 1_000) seconds" : "\(rawValue / 1_000).\(milliseconds) seconds"
    }
}
