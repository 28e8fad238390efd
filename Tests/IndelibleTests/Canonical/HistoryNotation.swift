import Foundation
import Indelible

/// A history as lines of text that leave nothing out, so that a test can state the whole of it:
///
///     5 2s StepFailed 1-1 Step 'charge' in 1, attempt 1, next in 5s, error Declined: no funds
///
/// The EventId, the seconds since the start and what happened; the operation's id, sub type, name and parent; the details. A
/// payload stands last and as its bytes are, quotes and all.
struct HistoryNotation {
    /// The execution's start, from which times count.
    let startTime: Date
    /// Ids of callbacks, in the order in which the handler handed them out: shown by their place.
    let callbacks: [CallbackID]
    /// The Amazon Resource Names of the executions that it started, in the order of their start: shown by their place.
    let children: [String]

    /// A payload of more bytes is shown by its length and its beginning.
    static let payloadLengthMax = 1_000
    private static let typesWithPayload: Set = [
        "ExecutionStarted", "ExecutionSucceeded", "StepSucceeded", "ContextSucceeded", "CallbackSucceeded",
        "ChainedInvokeStarted", "ChainedInvokeSucceeded",
    ]

    func line(_ event: HistoryEvent) -> String {
        var head = ["\(event.id)", time(event.time), event.type]
        if let operation = event.operation {
            head += [operation.path, operation.kind]
            if let name = operation.name { head.append("'\(name)'") }
            if let parent = operation.parentPath { head += ["in", parent] }
        }
        return ([head.joined(separator: " ")] + details(event)).joined(separator: ", ")
    }

    private func details(_ event: HistoryEvent) -> [String] {
        var details: [String] = []
        func add(_ label: String, _ value: String?) {
            if let value { details.append("\(label) \(value)") }
        }
        add("from", event.invocationStartTime.map(time))
        add("attempt", event.attempt.map(String.init))
        add("next in", event.nextAttemptDelay.map(Self.seconds))
        add("for", event.duration.map(Self.seconds))
        add("until", event.scheduledEndTime.map(time))
        add("callback", event.callbackID.map { place(of: $0, in: callbacks) })
        add("timeout", event.timeout.map(Self.seconds))
        add("heartbeat", event.heartbeatTimeout.map(Self.seconds))
        add("function", event.functionName)
        add("version", event.executedVersion)
        add("child", event.invokedExecutionARN.map { place(of: $0, in: children) })
        add("tenant", event.tenantID)
        add("asked at", event.requestTime.map(time))
        add("timeout", event.pausesTimeout.map { $0 ? "put off" : "kept" })
        add("reason", event.reason)
        add("error", event.error.map(Self.text))
        if event.payload != nil || Self.typesWithPayload.contains(event.type) {
            add("payload", Self.text(event.payload))
        }
        return details
    }

    private func time(_ time: Date) -> String {
        Self.seconds(.milliseconds(Int64((time.timeIntervalSince(startTime) * 1_000).rounded())))
    }

    private func place<Value: Equatable>(of value: Value, in values: [Value]) -> String {
        values.firstIndex(of: value).map { "\($0 + 1)" } ?? "unknown (\(value))"
    }

    private static func seconds(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        return attoseconds == 0 ? "\(seconds)s" : "\(Double(seconds) + Double(attoseconds) / 1e18)s"
    }

    private static func text(_ error: RecordedError) -> String {
        let data = error.data.map { ", data \($0)" } ?? ""
        let stack = error.stackTrace.isEmpty ? "" : ", stack \(error.stackTrace)"
        return "\(error.type): \(error.message)\(data)\(stack)"
    }

    private static func text(_ payload: [UInt8]?) -> String {
        guard let payload else { return "none" }
        if payload.isEmpty { return "empty" }
        guard payload.count > payloadLengthMax else { return String(decoding: payload, as: UTF8.self) }
        return "of \(payload.count) bytes \(String(decoding: payload.prefix(8), as: UTF8.self))..."
    }
}
