import ExecutionEngine
import ExecutionModel

/// The order that AWS gives an execution's events, checked against a whole history. `nil` is what a sound one gets.
///
/// The handler's events lie within an invocation, the service's anywhere before the end; an operation starts once, and
/// ends once; a wait and a delay never end early; the last invocation's end stands before the execution's, unless the
/// execution ended from outside. Nothing of the handler is recorded while the execution is paused, nor of an invocation
/// that a pause has cut short.
struct HistoryRules {
    private struct Row {
        var type: OperationType
        var isOpen = true
        /// When a wait, or the delay to a step's next attempt, is over.
        var due: Timestamp?
    }

    private var rows: [Row] = []
    private var isInFlight = false
    private var hasEnded = false
    private var invocationEnd: InvocationEnd?
    private var status = ExecutionStatus.running
    /// Whether a pause has cut the invocation in flight short.
    private var isRevoked = false
    private var isCancelled = false
    private var isTrimmed = false
    private var holds: Set<String> = []

    static func violation(in history: [RecordedEvent]) -> String? {
        guard case .executionStarted? = history.first?.event else { return "it does not begin with its start" }
        if HistoryTrim(of: history) != nil { return violation(inTrimmed: history) }
        var rules = HistoryRules()
        for (index, record) in history.enumerated() {
            if Int(record.sequence) != index + 1 { return "event \(index + 1) is numbered \(record.sequence)" }
            if index == 0 { continue }
            if record.lsn <= history[index - 1].lsn { return "event \(index + 1) is out of the log's order" }
            if record.time < history[index - 1].time { return "event \(index + 1) is before the one it follows" }
            if let wrong = rules.take(record.event, at: record.time) { return "event \(index + 1), \(wrong)" }
        }
        let isPausing = rules.status == .pausing && !rules.hasEnded
        return isPausing && !rules.isInFlight ? "it is pausing, and nothing is in flight" : nil
    }

    /// What is left of a history: its start, its end, one trim, and holds.
    private static func violation(inTrimmed history: [RecordedEvent]) -> String? {
        for (last, record) in zip(history, history.dropFirst()) {
            if record.sequence <= last.sequence { return "event \(record.sequence) comes after \(last.sequence)" }
            if record.lsn <= last.lsn { return "event \(record.sequence) is out of the log's order" }
        }
        let kinds = history.map(\.event.eventKind)
        if let other = kinds.first(where: { !$0.outlivesHistory }) { return "a \(other) has outlived the trim" }
        if kinds.count(where: \.isEnd) != 1 { return "it does not have one end" }
        return kinds.count { $0 == .historyTrimmed } == 1 ? nil : "a second trim"
    }

    private mutating func take(_ event: Event, at time: Timestamp) -> String? {
        let kind = event.eventKind
        defer {
            if case .invocationCompleted(let end) = event { invocationEnd = end } else { invocationEnd = nil }
        }
        switch event {
        case .executionStarted:
            return "a second start"
        case .invocationStarted:
            if isInFlight || hasEnded { return "an invocation of an execution that is in flight or has ended" }
            if status != .running { return "an invocation of an execution that is \(status)" }
            isInFlight = true
            isRevoked = false
            return nil
        case .invocationCompleted(let end):
            if !isInFlight { return "the end of an invocation that is not in flight" }
            isInFlight = false
            switch end {
            case .returned where isRevoked:
                return "an invocation that a pause has cut short, and that decides all the same"
            case .suspended(unseenChanges: false) where isRevoked: return "what such an invocation saw counts"
            default: return nil
            }
        default: break
        }
        switch event {
        case .retentionHeld(let name, _): return holds.insert(name).inserted ? nil : "a second hold of one name"
        case .retentionReleased(let name, _): return holds.remove(name) != nil ? nil : "the release of no hold"
        case .historyTrimmed:
            defer { isTrimmed = true }
            if !hasEnded || isInFlight { return "a trim of what goes on" }
            if !holds.isEmpty { return "a trim of what is held" }
            return isTrimmed ? "a second trim" : nil
        default: break
        }
        if hasEnded { return "\(kind) after the execution's end" }
        switch event {
        case .executionSucceeded, .executionFailed:
            hasEnded = true
            guard case .returned? = invocationEnd else { return "\(kind) without its invocation's end before it" }
            return nil
        case .executionTimedOut, .executionStopped:
            hasEnded = true
            return nil
        case .executionPauseRequested: return change(from: .running, to: .pausing)
        case .executionPauseCancelled: return change(from: .pausing, to: .running)
        case .executionPaused:
            isRevoked = isInFlight
            return change(from: .pausing, to: .paused)
        case .executionResumed: return change(from: .paused, to: .running)
        case .executionCancelRequested:
            defer { isCancelled = true }
            return isCancelled ? "a second request to end" : nil
        case .executionHeld:
            return "a hold, of a handler that never changes"
        case .stepStarted(let operation):
            return changed(operation, .step, by: .handler) {
                $0.due == nil ? nil : "an attempt before its delay was over"
            }
        case .stepSucceeded(let operation, _, let delay), .stepFailed(let operation, _, let delay):
            return changed(operation, .step, by: .handler) { row in
                row.isOpen = delay != nil
                row.due = delay.map { time.adding($0) }
                return nil
            }
        case .stepReady(let operation):
            return changed(operation, .step, by: .service) { row in
                defer { row.due = nil }
                return (row.due.map { $0 <= time } ?? false) ? nil : "a delay that ended early"
            }
        case .waitStarted(let operation, let duration):
            return changed(operation, .wait, by: .handler) { row in
                row.due = time.adding(duration)
                return nil
            }
        case .waitSucceeded(let operation):
            return changed(operation, .wait, by: .service) { row in
                row.isOpen = false
                return (row.due.map { $0 <= time } ?? false) ? nil : "a wait that ended early"
            }
        case .callbackStarted(let operation, _, _):
            return changed(operation, .callback, by: .handler) { _ in nil }
        case .callbackHeartbeat(let operation):
            return changed(operation, .callback, by: .service) { _ in nil }
        case .callbackSucceeded(let operation, _), .callbackFailed(let operation, _),
            .callbackTimedOut(let operation, _):
            return changed(operation, .callback, by: .service) { row in
                row.isOpen = false
                return nil
            }
        case .chainedInvokeStarted(let operation, _):
            return changed(operation, .chainedInvoke, by: .handler) { _ in nil }
        case .chainedInvokeSucceeded(let operation, _), .chainedInvokeFailed(let operation, _),
            .chainedInvokeTimedOut(let operation, _), .chainedInvokeStopped(let operation, _):
            return changed(operation, .chainedInvoke, by: .service) { row in
                row.isOpen = false
                return nil
            }
        case .executionStarted, .invocationStarted, .invocationCompleted, .contextStarted, .contextSucceeded,
            .contextFailed, .waitCancelled, .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld,
            .retentionReleased:
            return "\(kind), which nobody asked for"
        }
    }

    private mutating func change(from old: ExecutionStatus, to new: ExecutionStatus) -> String? {
        defer { status = new }
        return status == old ? nil : "a change to \(new) of an execution that is \(status)"
    }

    private enum Actor { case handler, service }

    private mutating func changed(
        _ operation: OperationReference, _ type: OperationType, by actor: Actor, _ change: (inout Row) -> String?
    ) -> String? {
        if actor == .handler && !isInFlight { return "a handler's event outside an invocation" }
        if actor == .handler && isRevoked { return "a handler's event after a pause" }
        switch operation {
        case .first:
            rows.append(Row(type: type))
            return change(&rows[rows.count - 1])
        case .existing(let ordinal):
            guard ordinal.rawValue < rows.count else { return "an operation that never started" }
            guard rows[Int(ordinal.rawValue)].type == type else { return "an operation of another type" }
            guard rows[Int(ordinal.rawValue)].isOpen else { return "an operation that has ended" }
            return change(&rows[Int(ordinal.rawValue)])
        }
    }
}
