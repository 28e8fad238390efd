import ExecutionModel

/// Somebody's demand that nothing of an execution be trimmed or deleted.
package struct RetentionHold: Hashable, Sendable {
    /// 1 to 64 characters of `[a-zA-Z0-9-_]`; no other hold on the execution has it.
    package var name: String
    package var reason: String?
    /// Since when.
    package var time: Timestamp
}

/// For how long an ended execution is kept, and who says that it is kept for longer. SPEC.md, "Retention", has the rules.
extension ExecutionState {
    /// Whether only the summary of an ended execution is kept.
    package var isHistoryTrimmed: Bool { historyTrimTime != nil }

    /// When an ended execution's history, or what is left of it, is trimmed. Not while it owes the record the end of its
    /// invocation, and not while somebody holds it.
    var retentionDue: Timestamp? {
        guard let endTime, !isInFlight, retentionHolds.isEmpty,
            case .history(let history, let summary) = retentionPeriod
        else { return nil }
        let historyEnd = endTime.adding(history)
        return isHistoryTrimmed ? summary.map { historyEnd.adding($0) } : historyEnd
    }

    private var retentionPeriod: RetentionPeriod {
        status == .succeeded ? start.retention.succeeded : start.retention.otherwise
    }

    /// Trims what is due of an ended execution: the history, or, where the summary's time is over too, everything at once.
    func decideTrim(at now: Timestamp) -> Decision<Void> {
        guard let retentionDue, retentionDue <= now, let endTime,
            case .history(let history, let summary) = retentionPeriod
        else { return Decision(reply: ()) }
        let end = summary.map { endTime.adding(history).adding($0) }
        let isOver = end.map { $0 <= now } ?? false
        return Decision(events: [isOver ? .retentionTrimmed : .historyTrimmed(endEventID: lastEventID)], reply: ())
    }

    /// Keeps all that there is of an execution until the hold of this name is released. The same hold again is no other.
    package func decideHold(_ name: String, reason: String?) throws(EngineError) -> Decision<Void> {
        try check(holdName: name)
        try check(reason: reason)
        guard !start.isPlain else {
            throw .conflict("Cannot hold the call of a plain function: hold the execution that made it.")
        }
        if let hold = retentionHolds.first(where: { $0.name == name }) {
            guard hold.reason == reason else {
                throw .conflict(
                    "The execution is held by \(hold.title) already, for another reason: use another name, or release "
                        + "that hold first.")
            }
            return Decision(reply: ())
        }
        guard retentionHolds.count < Limits.holdCountMax else {
            throw .conflict("An execution may be held by at most \(Limits.holdCountMax) at a time.")
        }
        return Decision(events: [.retentionHeld(name: name, reason: reason)], reply: ())
    }

    /// Ends a hold. After the last one, what is due is trimmed.
    package func decideRelease(_ name: String, reason: String?) throws(EngineError) -> Decision<Void> {
        try check(holdName: name)
        try check(reason: reason)
        guard retentionHolds.contains(where: { $0.name == name }) else {
            let others = retentionHolds.isEmpty ? "by nobody" : "by \(holdTitles)"
            throw .conflict("The execution is not held by '\(name)', but \(others).")
        }
        return Decision(events: [.retentionReleased(name: name, reason: reason)], reply: ())
    }

    /// Nothing that is held may be dropped.
    func requireNoHold() throws(EngineError) {
        guard retentionHolds.isEmpty else {
            throw .conflict("Cannot delete an execution that is held by \(holdTitles): release every hold first.")
        }
    }

    private var holdTitles: String { retentionHolds.map(\.title).joined(separator: ", ") }

    private func check(holdName name: String) throws(EngineError) {
        guard name.isIdentifier(Limits.holdNameLengthMax) else {
            throw .invalid(
                "Invalid hold name '\(name)': 1 to \(Limits.holdNameLengthMax) characters of [a-zA-Z0-9-_].")
        }
    }

    mutating func applyRetention(_ event: Event, at time: Timestamp) {
        switch event {
        case .historyTrimmed:
            precondition(status.isTerminal && !isInFlight, "the history of \(id) is trimmed and goes on")
            historyTrimTime = time
        case .retentionHeld(let name, let reason):
            retentionHolds.append(RetentionHold(name: name, reason: reason, time: time))
        case .retentionReleased(let name, _):
            retentionHolds.removeAll { $0.name == name }
        default:
            preconditionFailure("\(event.eventKind) is about no retention")
        }
    }

    /// What ``applyRetention(_:at:)`` relies on, and what no record may say.
    func checkRetention(_ event: Event) throws(RecordError) {
        switch event {
        case .historyTrimmed(let endEventID):
            try checkTrim()
            guard !isHistoryTrimmed else { throw .historyTrimmed }
            guard endEventID == lastEventID else { throw .eventID(expected: lastEventID, found: endEventID) }
        case .executionDeleted, .retentionTrimmed:
            try checkTrim()
        case .retentionHeld(let name, _):
            guard !start.isPlain else { throw .plainFunction }
            guard !retentionHolds.contains(where: { $0.name == name }) else { throw .holdTaken(name) }
        case .retentionReleased(let name, _):
            guard retentionHolds.contains(where: { $0.name == name }) else { throw .holdUnknown(name) }
        default:
            preconditionFailure("\(event.eventKind) is about no retention")
        }
    }

    private func checkTrim() throws(RecordError) {
        guard status.isTerminal else { throw .status(status) }
        guard !isInFlight else { throw .invocationInFlight }
        if let hold = retentionHolds.first { throw .held(by: hold.name) }
    }
}

extension RetentionHold {
    /// For messages: `'case-4711' (fraud)`.
    package var title: String { "'\(name)'" + (reason.map { " (\($0))" } ?? "") }
}
