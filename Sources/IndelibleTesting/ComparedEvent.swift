import Indelible

/// What an event says that does not depend on when, and how often, the handler ran: no ids and no times.
struct ComparedEvent: Hashable, CustomStringConvertible {
    private let type: String
    let operation: ReplayError.Identity?
    private let payload: [UInt8]?
    private let error: RecordedError?
    private let attempt: Int?
    private let nextAttemptDelay: Duration?
    private let duration: Duration?
    private let timeout: Duration?
    private let heartbeatTimeout: Duration?
    private let functionName: String?
    private let executedVersion: String?
    private let hasInvokedExecution: Bool
    private let tenantID: String?
    private let reason: String?
    private let pausesTimeout: Bool?

    /// Nil for the end of an invocation, of which an interruption makes more.
    ///
    /// - Parameter isInvoked: Whether it is of an execution that another one has invoked. Its id is another one in every run,
    ///   and with it the part of its delays that spreads them out.
    init?(_ event: HistoryEvent, isInvoked: Bool) {
        guard event.type != "InvocationCompleted" else { return nil }
        type = event.type
        operation = event.operation
        payload = event.payload
        error = event.error
        attempt = event.attempt
        nextAttemptDelay = isInvoked ? event.nextAttemptDelay.map { _ in .zero } : event.nextAttemptDelay
        duration = event.duration
        timeout = event.timeout
        heartbeatTimeout = event.heartbeatTimeout
        functionName = event.functionName
        executedVersion = event.executedVersion
        hasInvokedExecution = event.invokedExecutionARN != nil
        tenantID = event.tenantID
        reason = event.reason
        pausesTimeout = event.pausesTimeout
    }

    var description: String {
        var parts = [type]
        if let operation { parts.append("\(operation)") }
        if let payload { parts.append(Self.text(payload)) }
        if let error { parts.append("\(error)") }
        if let attempt { parts.append("attempt \(attempt)") }
        if let nextAttemptDelay { parts.append("again in \(nextAttemptDelay)") }
        if let duration { parts.append("for \(duration)") }
        if let timeout { parts.append("at most \(timeout)") }
        if let heartbeatTimeout { parts.append("a heartbeat every \(heartbeatTimeout)") }
        if let functionName { parts.append("of \(functionName)") }
        if let executedVersion { parts.append("version \(executedVersion)") }
        if let tenantID { parts.append("for tenant \(tenantID)") }
        if let reason { parts.append("since \(reason)") }
        return parts.joined(separator: " ")
    }

    /// For messages.
    static func text(_ bytes: [UInt8]?) -> String {
        guard let bytes else { return "none" }
        let text = String(decoding: bytes.prefix(200), as: UTF8.self)
        return bytes.count > 200 ? "\(text)… (\(bytes.count) bytes)" : text
    }
}
