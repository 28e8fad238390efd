import ExecutionModel

/// Where an execution stands.
public enum ExecutionStatus: String, Sendable, Hashable, CaseIterable, Codable {
    case running, succeeded, failed, timedOut, stopped
    /// A pause was asked for, and the handler that runs has not come to its next durable call.
    case pausing
    /// Its handler is not run until it is resumed.
    case paused

    /// Whether the execution has ended, for good.
    public var isTerminal: Bool {
        switch self {
        case .running, .pausing, .paused: false
        case .succeeded, .failed, .timedOut, .stopped: true
        }
    }
}

extension ExecutionStatus {
    init(_ status: ExecutionModel.ExecutionStatus) {
        switch status {
        case .running: self = .running
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .timedOut: self = .timedOut
        case .stopped: self = .stopped
        case .pausing: self = .pausing
        case .paused: self = .paused
        }
    }
}
