import EngineRuntime
import ExecutionEngine
import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What an engine knows of an execution without reading its history.
public struct ExecutionDescription: Sendable {
    /// Never that of another execution, in this log or any other.
    public let id: String
    public let function: String
    /// The version of the function that the execution is pinned to: `$LATEST`, or a number.
    public let functionVersion: String
    public let name: String
    public let status: ExecutionStatus
    /// What it does, or what it waits for.
    public let standing: Standing
    public let startTime: Date
    public let endTime: Date?
    public let tenantID: String?
    /// When somebody asked the handler to end; nil when nobody did.
    public let cancelRequestTime: Date?
    /// Why a paused execution is paused, where that was said.
    public let pauseReason: String?
    /// For how long it is kept after its end.
    public let retention: RetentionPolicy
    /// Who keeps it for longer, in the order in which they began.
    public let holds: [RetentionHold]
    /// When its history was trimmed, so that this description, with the start and the end, is all that is left of it; nil when
    /// it was not.
    public let historyTrimTime: Date?
    /// The recorded input; nil when there is none.
    public let input: [UInt8]?
    /// The recorded result of an execution that succeeded.
    public let result: [UInt8]?
    /// Why an execution failed, timed out or was stopped.
    public let error: RecordedError?

    /// What an execution does, or what it waits for.
    public struct Standing: Hashable, Sendable, CustomStringConvertible {
        public struct Code: Hashable, Sendable, CustomStringConvertible {
            public let description: String

            public static let ended = Code(description: "ended")
            /// Its handler runs.
            public static let running = Code(description: "running")
            /// Its handler could run, and waits for others to end: a concurrency limit is reached.
            public static let queued = Code(description: "queued")
            /// No function of its name is registered with this engine. It goes on when one is.
            public static let functionNotRegistered = Code(description: "functionNotRegistered")
            /// It waits for time or for something from outside.
            public static let suspended = Code(description: "suspended")
            /// Its handler does not match its history. It is tried once more when its function is registered again.
            public static let held = Code(description: "held")
            /// Somebody has paused it. What it waits for goes on; its handler runs when it is resumed.
            public static let paused = Code(description: "paused")
        }

        public let code: Code
        /// When a suspended execution goes on by itself, at the latest; nil: not by itself.
        public let nextDue: Date?
        /// Where the handler of a held execution parted from the history.
        public let mismatch: ReplayError?

        public var description: String {
            if let nextDue { return "\(code) until \(ISO8601Milliseconds.text(of: nextDue) ?? "the end of time")" }
            if let mismatch { return "\(code): \(mismatch)" }
            return code.description
        }
    }
}

extension ExecutionDescription {
    init(_ summary: ExecutionSummary) {
        id = summary.id.description
        function = summary.function
        functionVersion = summary.version
        name = summary.name
        tenantID = summary.tenantID
        cancelRequestTime = summary.cancelRequest.map { Date($0.time) }
        pauseReason = summary.pause?.request.reason
        retention = RetentionPolicy(recorded: summary.retention)
        holds = summary.holds.map { RetentionHold($0) }
        historyTrimTime = summary.historyTrimTime.map { Date($0) }
        status = ExecutionStatus(summary.status)
        standing = Standing(summary.standing)
        startTime = Date(summary.startTime)
        endTime = summary.endTime.map { Date($0) }
        input = summary.input?.inlineBytes
        result = summary.result?.inlineBytes
        error = summary.error.map { RecordedError($0) }
    }
}

extension ExecutionDescription.Standing {
    fileprivate init(_ standing: ExecutionSummary.Standing) {
        switch standing {
        case .ended: self.init(code: .ended, nextDue: nil, mismatch: nil)
        case .invocationInFlight: self.init(code: .running, nextDue: nil, mismatch: nil)
        case .queued: self.init(code: .queued, nextDue: nil, mismatch: nil)
        case .functionNotRegistered: self.init(code: .functionNotRegistered, nextDue: nil, mismatch: nil)
        case .suspended(let due): self.init(code: .suspended, nextDue: due.map { Date($0) }, mismatch: nil)
        case .held(let report): self.init(code: .held, nextDue: nil, mismatch: ReplayError(report))
        case .paused: self.init(code: .paused, nextDue: nil, mismatch: nil)
        }
    }
}

extension Date {
    init(_ timestamp: Timestamp) {
        self.init(timeIntervalSince1970: Double(timestamp.millisecondsSinceEpoch) / 1_000)
    }
}
