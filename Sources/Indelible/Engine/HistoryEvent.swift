import ExecutionEngine
import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One recorded fact of an execution, as AWS Lambda's `GetDurableExecutionHistory` shows it.
public struct HistoryEvent: Sendable, Hashable {
    /// Counts from 1 in its execution, without gaps.
    public let id: Int
    /// AWS's name for what happened: `StepSucceeded`, `WaitStarted`, `InvocationCompleted` …
    public let type: String
    public let time: Date
    /// The operation that it is about; nil for the execution and its invocations.
    public let operation: ReplayError.Identity?
    /// The bytes that it recorded: an input or a result.
    public let payload: [UInt8]?
    /// The error that it recorded.
    public let error: RecordedError?
    /// The time to the next attempt, when there is one.
    public let nextAttemptDelay: Duration?
}

extension HistoryEvent {
    /// Nil for what AWS does not show.
    init?(_ event: ExecutionEngine.HistoryEvent) {
        guard let eventID = event.eventID else { return nil }
        let (payload, error, delay) = event.details.recorded
        self.init(
            id: Int(eventID), type: event.typeName, time: Date(event.time),
            operation: event.operation.map(ReplayError.Identity.init), payload: payload?.inlineBytes,
            error: error.map { RecordedError($0) }, nextAttemptDelay: delay?.duration)
    }
}

extension ExecutionEngine.HistoryEvent.Details {
    fileprivate var recorded: (payload: Payload?, error: ErrorObject?, delay: Milliseconds?) {
        switch self {
        case .executionStarted(let input, _): (input, nil, nil)
        case .executionSucceeded(let result), .contextSucceeded(let result), .callbackSucceeded(let result):
            (result, nil, nil)
        case .executionFailed(let error), .executionTimedOut(let error), .contextFailed(let error),
            .waitCancelled(let error), .callbackFailed(let error), .invocationCompleted(_, _, _, let error):
            (nil, error, nil)
        case .executionStopped(let error), .callbackTimedOut(let error): (nil, error, nil)
        case .stepSucceeded(let result, let retry): (result, nil, retry.nextAttemptDelay)
        case .stepFailed(let error, let retry): (nil, error, retry.nextAttemptDelay)
        case .chainedInvokeStarted(let start, _): (start.input, nil, nil)
        case .chainedInvokeSucceeded(let result): (result, nil, nil)
        case .chainedInvokeFailed(let error): (nil, error, nil)
        case .chainedInvokeTimedOut(let error), .chainedInvokeStopped(let error): (nil, error, nil)
        case .executionPaused, .executionResumed, .executionPauseRequested, .executionPauseCancelled,
            .executionCancelRequested, .executionDeleted, .retentionTrimmed:
            (nil, nil, nil)
        case .contextStarted, .stepStarted, .waitStarted, .waitSucceeded, .callbackStarted, .executionHeld,
            .invocationStarted, .stepReady, .callbackHeartbeat:
            (nil, nil, nil)
        }
    }
}
