import ExecutionEngine
import ExecutionModel

/// An event of an execution's history, as `--json` prints it. What an event does not have is left out.
struct HistoryLine: Encodable {
    var sequence: Int
    var lsn: UInt64
    var time: String
    var event: String
    /// The operation's path; its type, name and parent stand in its first event.
    var operation: String?
    var subType: String?
    var name: String?
    var parent: String?
    var function: String?
    /// Of an execution: whose data it works on, and the execution that invoked it.
    var tenant: String?
    var invokedBy: String?
    /// Of a chained invoke: the execution that it started.
    var child: String?
    var reason: String?
    var requestID: String?
    var outcome: String?
    var input: String?
    var result: String?
    var error: ErrorLine?
    var durationMilliseconds: Int64?
    var timeoutMilliseconds: Int64?
    var heartbeatTimeoutMilliseconds: Int64?
    var nextAttemptDelayMilliseconds: Int64?
    var divergence: String?
    /// When the history was trimmed that the event is left of: on every line, so that none is taken for part of a whole.
    var historyTrimmed: String?
    /// The name of a hold.
    var hold: String?
}

/// Turns an execution's events, in order, into lines: it knows the paths that later events name by ordinal.
struct HistoryLines {
    private var paths: [OperationID] = []
    private let trim: HistoryTrim?

    /// - Parameter trim: That of the history; nil: it is complete.
    init(trim: HistoryTrim? = nil) {
        self.trim = trim
    }

    mutating func line(_ recorded: RecordedEvent) -> HistoryLine {
        var line = HistoryLine(
            sequence: Int(recorded.sequence), lsn: recorded.lsn, time: recorded.time.text,
            event: "\(recorded.event.eventKind)")
        line.historyTrimmed = trim?.time.text
        if let reference = recorded.event.operation { resolve(reference, in: &line) }
        fill(&line, from: recorded.event)
        return line
    }

    private mutating func resolve(_ reference: OperationReference, in line: inout HistoryLine) {
        switch reference {
        case .first(let first):
            paths.append(first.id)
            line.operation = first.id.rawValue
            line.subType = first.subType
            line.name = first.name
            line.parent = first.parent.flatMap { path($0) }
        case .existing(let ordinal):
            line.operation = path(ordinal)
        }
    }

    private func path(_ ordinal: OperationOrdinal) -> String? {
        let index = Int(ordinal.rawValue)
        return paths.indices.contains(index) ? paths[index].rawValue : nil
    }

    private func fill(_ line: inout HistoryLine, from event: Event) {
        switch event {
        case .executionStarted(let start):
            line.function = start.function
            line.name = start.name
            line.input = start.input?.text
            line.timeoutMilliseconds = start.timeout?.rawValue
            line.tenant = start.tenantID
            line.invokedBy = start.parent.map { "\($0.execution)" }
        case .executionSucceeded(let result), .contextSucceeded(_, let result, _), .callbackSucceeded(_, let result),
            .chainedInvokeSucceeded(_, let result):
            line.result = result?.text
        case .executionFailed(let error), .executionTimedOut(let error), .contextFailed(_, let error),
            .waitCancelled(_, let error), .callbackFailed(_, let error), .chainedInvokeFailed(_, let error):
            line.error = error.map(ErrorLine.init)
        case .executionStopped(let error), .callbackTimedOut(_, let error), .chainedInvokeTimedOut(_, let error),
            .chainedInvokeStopped(_, let error):
            line.error = ErrorLine(error)
        case .chainedInvokeStarted(_, let start):
            line.function = start.function
            line.tenant = start.tenantID
            line.child = start.target.map { "\($0.child)" }
            line.input = start.input?.text
        case .executionPauseRequested(let request):
            line.reason = request.reason
        case .executionPauseCancelled(let reason), .executionResumed(let reason),
            .executionCancelRequested(let reason):
            line.reason = reason
        case .executionHeld(let divergence):
            line.divergence = divergence.text
        case .invocationStarted(let requestID):
            line.requestID = "\(requestID)"
        case .invocationCompleted(let end):
            line.outcome = end.word
            line.error = end.error.map(ErrorLine.init)
        case .stepSucceeded(_, let result, let delay):
            line.result = result?.text
            line.nextAttemptDelayMilliseconds = delay?.rawValue
        case .stepFailed(_, let error, let delay):
            line.error = error.map(ErrorLine.init)
            line.nextAttemptDelayMilliseconds = delay?.rawValue
        case .waitStarted(_, let duration):
            line.durationMilliseconds = duration.rawValue
        case .callbackStarted(_, let timeout, let heartbeatTimeout):
            line.timeoutMilliseconds = timeout?.rawValue
            line.heartbeatTimeoutMilliseconds = heartbeatTimeout?.rawValue
        case .contextStarted, .stepStarted, .stepReady, .waitSucceeded, .callbackHeartbeat, .executionPaused,
            .executionDeleted, .retentionTrimmed, .historyTrimmed:
            break
        case .retentionHeld(let name, let reason), .retentionReleased(let name, let reason):
            line.hold = name
            line.reason = reason
        }
    }
}

extension HistoryLine {
    /// What a person reads beside the event's name.
    var detail: String {
        var parts: [String] = []
        if let operation { parts.append(operation) }
        if event == "chainedInvokeStarted", let function {
            if let name { parts.append("'\(name)'") }
            parts.append("calls \(function)")
        } else if let name {
            parts.append(function.map { "\($0)/\(name)" } ?? "'\(name)'")
        }
        if let tenant { parts.append("for \(tenant)") }
        if let invokedBy { parts.append("invoked by \(invokedBy)") }
        if let child { parts.append("as \(child)") }
        if let hold { parts.append("by '\(hold)'") }
        if let reason { parts.append("since \(reason)") }
        if let outcome { parts.append(outcome) }
        if let input { parts.append("input \(input)") }
        if let result { parts.append("→ \(result)") }
        if let error { parts.append("✗ \(error.text)") }
        if let durationMilliseconds { parts.append("for \(durationText(milliseconds: durationMilliseconds))") }
        if let timeoutMilliseconds { parts.append("within \(durationText(milliseconds: timeoutMilliseconds))") }
        if let heartbeatTimeoutMilliseconds {
            parts.append("heartbeat every \(durationText(milliseconds: heartbeatTimeoutMilliseconds))")
        }
        if let nextAttemptDelayMilliseconds {
            parts.append("again in \(durationText(milliseconds: nextAttemptDelayMilliseconds))")
        }
        if let divergence { parts.append(divergence) }
        return parts.joined(separator: "  ")
    }
}

extension InvocationEnd {
    fileprivate var word: String {
        switch self {
        case .returned: "returned"
        case .suspended: "suspended"
        case .refused: "refused"
        case .crashed: "crashed"
        case .diverged: "diverged"
        case .ignored: "ignored"
        }
    }
}
