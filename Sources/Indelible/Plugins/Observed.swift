import ExecutionEngine
import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An invocation as a plugin sees it.
public struct ObservedInvocation: Sendable {
    public let executionID: String
    public let executionARN: String
    public let executionName: String
    public let functionName: String
    public let functionVersion: String
    public let tenantID: String?
    /// The trace that the execution was started in, as its starter gave it.
    public let traceHeader: String?
    public let executionStartTime: Date
    /// New for each invocation.
    public let requestID: String
    public let startTime: Date
    /// Whether the handler has not recorded anything before.
    public let isFirst: Bool
    /// What the execution was started with, as the function's serdes has made it.
    public let input: [UInt8]?
    /// The operations that changed since the handler last heard of them: a wait that is over, a callback that was completed.
    public let updatedOperations: [ObservedOperation]

    /// What an invocation came to.
    public struct Outcome: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The handler returned.
        public static let succeeded = Outcome(description: "SUCCEEDED")
        /// The handler threw, or its execution was refused.
        public static let failed = Outcome(description: "FAILED")
        /// The handler waits.
        public static let pending = Outcome(description: "PENDING")
        /// The invocation itself came to nothing, and is tried again.
        public static let retry = Outcome(description: "RETRY")
    }
}

/// An operation as a plugin sees it.
public struct ObservedOperation: Sendable {
    /// As recorded: `1-2`.
    public let id: String
    public let parentID: String?
    public let name: String?
    /// AWS's operation type: `STEP`, `WAIT`, `CONTEXT` …
    public let type: String
    /// `Step`, `Map`, `RunInChildContext` …
    public let subType: String?
    /// AWS's status: `STARTED`, `SUCCEEDED` …
    public let status: String
    public let startTime: Date?
    public let endTime: Date?
    public let error: RecordedError?
    /// Whether it began in an earlier invocation. False where only a change is told.
    public let isReplayed: Bool
    /// Whether the history has a record of it: not so of a virtual context and of the items of a flat batch.
    public let isRecorded: Bool
}

/// A piece of user code in an operation, as a plugin sees it.
public struct ObservedBody: Sendable {
    public let operation: ObservedOperation
    /// Which attempt of the operation runs, from 1.
    public let attempt: Int

    /// What a body came to.
    public struct Outcome: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        public static let succeeded = Outcome(description: "SUCCEEDED")
        public static let failed = Outcome(description: "FAILED")
        /// It did not come to an end in this invocation.
        public static let incomplete = Outcome(description: "INCOMPLETE")
    }
}

extension ObservedInvocation {
    init(_ input: HandlerInput, isFirst: Bool, payload: [UInt8]?) {
        self.init(
            executionID: input.execution.id.description, executionARN: input.execution.arn,
            executionName: input.execution.name, functionName: input.execution.function,
            functionVersion: input.execution.version, tenantID: input.execution.tenantID,
            traceHeader: input.execution.traceHeader, executionStartTime: Date(input.execution.startTime),
            requestID: input.requestID, startTime: Date(input.time), isFirst: isFirst, input: payload,
            updatedOperations: input.updatedRows.map { ObservedOperation($0, isReplayed: true) })
    }
}

extension HandlerInput {
    /// The rows that changed since the handler last heard of them.
    var updatedRows: [Operation] {
        guard !updatedOperationIDs.isEmpty else { return [] }
        let ids = Set(updatedOperationIDs)
        return operations.filter { ids.contains($0.identity.id) }
    }
}

extension ObservedInvocation.Outcome {
    init(_ outcome: HandlerOutcome) {
        switch outcome {
        case .succeeded: self = .succeeded
        case .failed: self = .failed
        case .suspended: self = .pending
        case .diverged, .crashed, .abandoned: self = .retry
        }
    }
}

extension HandlerOutcome {
    /// What is told of why it is none.
    var recordedError: RecordedError? {
        switch self {
        case .failed(let error), .crashed(let error): RecordedError(error)
        case .diverged(let divergence): RecordedError(divergence.error)
        case .succeeded, .suspended, .abandoned: nil
        }
    }
}

extension ObservedOperation {
    init(
        _ identity: OperationIdentity, status: OperationStatus, startTime: Timestamp? = nil, endTime: Timestamp? = nil,
        error: RecordedError? = nil, isReplayed: Bool = false, isRecorded: Bool = true
    ) {
        self.init(
            id: identity.id.rawValue, parentID: identity.parentID?.rawValue, name: identity.name,
            type: identity.type.title, subType: identity.subType, status: status.title,
            startTime: startTime.map { Date($0) }, endTime: endTime.map { Date($0) }, error: error,
            isReplayed: isReplayed, isRecorded: isRecorded)
    }

    init(_ row: Operation, isReplayed: Bool) {
        self.init(
            row.identity, status: row.status, startTime: row.startTime, endTime: row.endTime,
            error: row.error.map { RecordedError($0) }, isReplayed: isReplayed)
    }
}
