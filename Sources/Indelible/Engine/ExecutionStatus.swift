import ExecutionModel

/// Where an execution stands.
public enum ExecutionStatus: String, Sendable, Hashable, CaseIterable, Codable {
    case running, succeeded, failed, timedOut, stopped

    /// Whether the execution has ended, for good.
    public var isTerminal: Bool { self != .running }
}

extension ExecutionStatus {
    init(_ status: ExecutionModel.ExecutionStatus) {
        switch status {
        case .running: self = .running
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .timedOut: self = .timedOut
        case .stopped: self = .stopped
        }
    }
}
