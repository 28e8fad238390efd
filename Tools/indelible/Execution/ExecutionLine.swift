import ExecutionEngine
import ExecutionModel

/// An execution as `--json` prints it.
struct ExecutionLine: Encodable {
    var id: String
    var function: String
    var version: String
    var name: String
    /// AWS's words: `RUNNING`, `PAUSING`, `PAUSED`, `SUCCEEDED`, `FAILED`, `TIMED_OUT`, `STOPPED`.
    var status: String
    /// What a running execution does or waits for.
    var standing: String?
    /// Where a replay parted from the history, when the execution is held for that.
    var divergence: DivergenceLine?
    var startTime: String
    var endTime: String?
    /// When somebody asked the handler to end.
    var cancelRequested: String?
    var tenant: String?
    /// The execution whose chained invoke started it.
    var invokedBy: String?
    /// When something happens by itself.
    var nextDue: String?
    /// Left out while nobody holds it.
    var holds: [HoldLine]?
    /// When the history was trimmed, so that only this is left of the execution.
    var historyTrimmed: String?
    var events: Int
    var invocations: Int
    var input: String?
    var result: String?
    var error: ErrorLine?
    /// Left out where it is not asked for, and once the execution has ended.
    var operations: [OperationLine]?

    init(_ state: ExecutionState, at now: Timestamp, withOperations: Bool) {
        id = "\(state.id)"
        function = state.start.function
        version = state.start.version
        name = state.start.name
        status = state.status.title
        standing =
            switch state.readiness(at: now) {
            case .ended: nil
            case .inFlight: "an invocation is in flight, or was when its process ended"
            case .runnable: "ready to be invoked"
            case .waiting:
                state.nextDue.map { "waits, until \($0.text) at the latest" }
                    ?? "waits for a callback or another execution"
            case .held: state.holdReport.map { "held: \($0.summary)" } ?? "held"
            case .paused: state.pauseRequest?.request.reason.map { "paused: \($0)" } ?? "paused"
            }
        divergence = state.holdReport.map(DivergenceLine.init)
        cancelRequested = state.cancelRequest?.time.text
        tenant = state.start.tenantID
        invokedBy = state.start.parent.map { "\($0.execution)" }
        startTime = state.startTime.text
        endTime = state.endTime?.text
        nextDue = state.nextDue?.text
        holds = state.retentionHolds.isEmpty ? nil : state.retentionHolds.map(HoldLine.init)
        historyTrimmed = state.historyTrimTime?.text
        events = Int(state.sequence)
        invocations = Int(state.invocationCount)
        input = state.start.input?.text
        result = state.result?.text
        error = state.error.map(ErrorLine.init)
        operations = withOperations && !state.status.isTerminal ? state.operations.map(OperationLine.init) : nil
    }
}

/// Who keeps an execution.
struct HoldLine: Encodable {
    var name: String
    var reason: String?
    var since: String

    init(_ hold: RetentionHold) {
        name = hold.name
        reason = hold.reason
        since = hold.time.text
    }

    var text: String { "'\(name)' since \(since)" + (reason.map { ": \($0)" } ?? "") }
}

/// Where a replay parted from the history.
struct DivergenceLine: Encodable {
    /// The path of the operation.
    var operation: String
    var recorded: String?
    var attempted: String
    /// The last operations of the same context that were asked for as recorded.
    var agreed: [String]
    /// A guess.
    var likelyCause: String

    init(_ report: DivergenceReport) {
        operation = report.divergence.attempted.id.rawValue
        recorded = report.divergence.recorded?.text
        attempted = report.divergence.attempted.text
        agreed = report.agreed.map(\.text)
        likelyCause = report.likelyCause.words
    }

    /// For a person, with what to do.
    var lines: [(title: String, text: String)] {
        [
            ("recorded", recorded ?? "nothing"), ("asked for", attempted),
            ("agreed", agreed.isEmpty ? "nothing before it in its context" : "up to \(agreed.joined(separator: ", "))"),
            ("likely", likelyCause),
            ("do", DivergenceReport.advice),
        ]
    }
}

struct OperationLine: Encodable {
    var id: String
    var parent: String?
    var type: String
    var subType: String?
    var name: String?
    var status: String
    var startTime: String
    var endTime: String?
    /// What completes it: for `indelible callback`.
    var callbackID: String?
    /// The execution that a chained invoke started.
    var child: String?
    var result: String?
    var error: ErrorLine?

    init(_ operation: Operation) {
        id = operation.identity.id.rawValue
        parent = operation.identity.parentID?.rawValue
        type = "\(operation.identity.type)"
        subType = operation.identity.subType
        name = operation.identity.name
        status = "\(operation.status)"
        startTime = operation.startTime.text
        endTime = operation.endTime?.text
        if case .callback(let callback) = operation.details { callbackID = "\(callback)" }
        if case .chainedInvoke(let child?) = operation.details { self.child = "\(child)" }
        result = operation.result?.text
        error = operation.error.map(ErrorLine.init)
    }
}

struct ErrorLine: Encodable {
    var type: String?
    var message: String?
    var data: String?

    init(_ error: ErrorObject) {
        type = error.type
        message = error.message
        data = error.data
    }

    var text: String {
        switch (type, message) {
        case (let type?, let message?): "\(type): \(message)"
        case (let part?, nil), (nil, let part?): part
        case (nil, nil): "an error without words"
        }
    }
}

extension Payload {
    /// The bytes as text, since what the SDK records is JSON; another serdes' bytes show as a placeholder.
    var text: String {
        switch self {
        case .inline(let bytes): String(validating: bytes, as: UTF8.self) ?? "(\(bytes.count) bytes that are no UTF-8)"
        case .stored(let lsn, let length): "(\(length) bytes in the record at LSN \(lsn))"
        }
    }
}

extension OperationIdentity {
    var text: String {
        "\(subType ?? "\(type)")\(name.map { " '\($0)'" } ?? "") at \(id)"
    }
}

extension Divergence {
    var text: String {
        "the history holds \(recorded?.text ?? "nothing"), the handler asked for \(attempted.text)"
    }
}
