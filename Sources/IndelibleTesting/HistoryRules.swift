import Foundation
import Indelible

/// What holds for every history, whatever its handler does: the order that AWS gives the events, and the details that each
/// kind of them must have. A sound history gets `nil`.
package struct HistoryRules {
    private struct Operation {
        let identity: ReplayError.Identity
        var isOpen = true
        var attempt = 0
        /// When a wait, or the delay to the next attempt, is over.
        var due: Date?
    }

    private var operations: [String: Operation] = [:]
    private var requestIDs: Set<String> = []
    /// The end of the last invocation.
    private var lastInvocationEnd: Date?
    /// The first event of the handler that no invocation's end has followed yet.
    private var openInvocation: HistoryEvent?
    private var previous: HistoryEvent?
    private var hasEnded = false
    /// The execution was ended from outside while its handler ran, whose end follows.
    private var isCutShort = false

    /// - Parameter isInFlight: Whether an invocation may not have come to its end yet.
    package static func violation(in history: [HistoryEvent], isInFlight: Bool = false) -> String? {
        if let mark = history.first, mark.type == "HistoryTrimmed" {
            return violation(after: mark, history.dropFirst())
        }
        var rules = HistoryRules()
        for (index, event) in history.enumerated() {
            if event.id != index + 1 { return "the event after EventId \(index) has EventId \(event.id)" }
            if let wrong = rules.take(event) { return "EventId \(event.id), \(event.type): \(wrong)" }
            rules.previous = event
        }
        if let event = rules.openInvocation, !isInFlight {
            return "EventId \(event.id), \(event.type), is in no invocation"
        }
        return nil
    }

    /// Of a trimmed history there are the start and the end, with the EventIds that they had.
    private static func violation(after mark: HistoryEvent, _ rest: ArraySlice<HistoryEvent>) -> String? {
        if mark.id != 0 { return "the mark of a trimmed history has EventId \(mark.id)" }
        guard rest.count == 2, let start = rest.first, let end = rest.last else {
            return "a trimmed history has \(rest.count) events, and not its start and its end"
        }
        if start.type != "ExecutionStarted" || start.id != 1 { return "a trimmed history begins with \(start.type)" }
        if !typesOfEnds.contains(end.type) { return "a trimmed history ends with \(end.type)" }
        if end.id <= start.id { return "the end has EventId \(end.id)" }
        if end.time < start.time || mark.time < end.time { return "a history was trimmed before its end" }
        return rest.lazy.compactMap { event in
            missingDetail(of: event).map { "EventId \(event.id), \(event.type): it has no \($0)" }
        }.first
    }

    private static let typesOfEnds: Set = [
        "ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionStopped",
    ]

    private mutating func take(_ event: HistoryEvent) -> String? {
        if (event.type == "ExecutionStarted") != (event.id == 1) { return "a history begins with its start, once" }
        if let previous, event.time < previous.time { return "it is older than the event before it" }
        if hasEnded, !(isCutShort && event.type == "InvocationCompleted") { return "it follows the execution's end" }
        if let detail = Self.missingDetail(of: event) { return "it has no \(detail)" }
        if let operation = event.operation { return take(event, of: operation) }
        switch event.type {
        case "ExecutionStarted":
            lastInvocationEnd = event.time
        case "InvocationCompleted":
            return takeInvocation(event)
        case "ExecutionSucceeded", "ExecutionFailed":
            hasEnded = true
            if previous?.type != "InvocationCompleted" { return "the last invocation's end does not come before it" }
        case "ExecutionTimedOut", "ExecutionStopped":
            hasEnded = true
            isCutShort = true
        case "ExecutionPaused", "ExecutionResumed":
            break
        default:
            return "it belongs to no operation"
        }
        return nil
    }

    private mutating func takeInvocation(_ event: HistoryEvent) -> String? {
        isCutShort = false
        guard let start = event.invocationStartTime, let requestID = event.requestID, let lastEnd = lastInvocationEnd
        else { return nil }
        defer {
            lastInvocationEnd = event.time
            openInvocation = nil
        }
        if !requestIDs.insert(requestID).inserted { return "two invocations have one request id" }
        if start < lastEnd { return "it began before the one before it ended" }
        if start > event.time { return "it began after its end" }
        if let first = openInvocation, first.time < start { return "EventId \(first.id) is older than its invocation" }
        return nil
    }

    private mutating func take(_ event: HistoryEvent, of identity: ReplayError.Identity) -> String? {
        if Self.typesOfHandlers.contains(event.type) {
            openInvocation = openInvocation ?? event
            if let parent = identity.parentPath {
                guard let context = operations[parent] else { return "its parent \(parent) has not started" }
                if !context.isOpen { return "its parent \(parent) has ended" }
            }
        }
        var operation = operations[identity.path] ?? Operation(identity: identity)
        let isFirst = operations[identity.path] == nil
        defer { operations[identity.path] = operation }
        if operation.identity != identity { return "the operation was \(operation.identity) before" }
        if !operation.isOpen { return "the operation has ended" }
        if event.type.hasSuffix("Started") {
            // Only a step starts again: its next attempt, once it is due.
            if !isFirst, event.type != "StepStarted" { return "the operation has started before" }
            if !isFirst, operation.due == nil { return "the attempt before has not ended" }
            if let due = operation.due, Self.is(event.time, before: due) { return "the delay is not over" }
            operation.due = event.scheduledEndTime
            return nil
        }
        if isFirst { return "the operation has not started" }
        if event.type.hasPrefix("Step") {
            operation.attempt += 1
            if event.attempt != operation.attempt { return "it is attempt \(operation.attempt) that ends" }
        } else if event.type == "WaitSucceeded", let due = operation.due, Self.is(event.time, before: due) {
            return "the wait is not over"
        }
        operation.due = event.nextAttemptDelay.map { event.time.addingTimeInterval($0 / .seconds(1)) }
        operation.isOpen = event.nextAttemptDelay != nil
        return nil
    }

    /// By a millisecond, the unit of recorded times: sums of fractions of a second are not exact.
    private static func `is`(_ time: Date, before due: Date) -> Bool {
        due.timeIntervalSince(time) > 0.0005
    }

    /// What only a handler that runs can cause.
    private static let typesOfHandlers: Set = [
        "ContextStarted", "ContextSucceeded", "ContextFailed", "StepStarted", "StepSucceeded", "StepFailed",
        "WaitStarted", "WaitCancelled", "CallbackStarted", "ChainedInvokeStarted",
    ]

    /// What AWS's model requires of the event and it does not have. A result and an input may be absent.
    private static func missingDetail(of event: HistoryEvent) -> String? {
        let required: [(name: String, isPresent: Bool)] =
            switch event.type {
            case "StepSucceeded": [("attempt", event.attempt != nil)]
            case "StepFailed": [("attempt", event.attempt != nil), ("error", event.error != nil)]
            case "ContextFailed", "CallbackFailed", "CallbackTimedOut", "ChainedInvokeFailed", "ChainedInvokeTimedOut",
                "ChainedInvokeStopped", "ExecutionFailed", "ExecutionStopped":
                [("error", event.error != nil)]
            case "ExecutionPaused": [("request", event.requestTime != nil), ("timeout", event.pausesTimeout != nil)]
            case "ExecutionResumed": [("request", event.requestTime != nil)]
            case "WaitStarted": [("duration", event.duration != nil), ("end", event.scheduledEndTime != nil)]
            case "WaitSucceeded": [("duration", event.duration != nil)]
            case "CallbackStarted": [("callback id", event.callbackID != nil)]
            case "ChainedInvokeStarted":
                // No ARN where the function is plain.
                [("function", event.functionName != nil), ("version", event.executedVersion != nil)]
            case "InvocationCompleted":
                [("request id", event.requestID != nil), ("start", event.invocationStartTime != nil)]
            default: []
            }
        return required.first { !$0.isPresent }?.name
    }
}
