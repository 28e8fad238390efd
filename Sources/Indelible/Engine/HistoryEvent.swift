import ExecutionEngine
import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// One recorded fact of an execution, as AWS Lambda's `GetDurableExecutionHistory` shows it. What an event does not have is
/// nil.
public struct HistoryEvent: Sendable, Hashable {
    /// Counts from 1 in its execution, without gaps but that of a trimmed history; 0 for the mark of one.
    public let id: Int
    /// AWS's name for what happened: `StepSucceeded`, `WaitStarted`, `InvocationCompleted` …; or `HistoryTrimmed`, the first of
    /// a history of which only start and end are left. Its time is that of the trim.
    public let type: String
    public let time: Date
    /// The operation that it is about; nil for the execution and its invocations.
    public let operation: ReplayError.Identity?
    /// The bytes that it recorded: an input or a result.
    public internal(set) var payload: [UInt8]?
    /// The error that it recorded.
    public internal(set) var error: RecordedError?
    /// Which attempt of a step or of a condition's check ended, from 1.
    public internal(set) var attempt: Int?
    /// The time to the next attempt, when there is one.
    public internal(set) var nextAttemptDelay: Duration?
    /// Of a wait.
    public internal(set) var duration: Duration?
    /// When a wait that started ends.
    public internal(set) var scheduledEndTime: Date?
    /// Of an execution or a callback that started.
    public internal(set) var timeout: Duration?
    /// Of a callback that started.
    public internal(set) var heartbeatTimeout: Duration?
    /// What completes a callback that started.
    public internal(set) var callbackID: CallbackID?
    /// The function that a chained invoke names.
    public internal(set) var functionName: String?
    /// The version that the name was resolved to; nil where there was none.
    public internal(set) var executedVersion: String?
    /// The execution that a chained invoke started; nil where its function is plain, or was not found.
    public internal(set) var invokedExecutionARN: String?
    public internal(set) var tenantID: String?
    /// Of an invocation that ended.
    public internal(set) var requestID: String?
    /// When an invocation began that ended.
    public internal(set) var invocationStartTime: Date?
    /// Why an execution was paused or resumed.
    public internal(set) var reason: String?
    /// When it was asked for.
    public internal(set) var requestTime: Date?
    /// Whether a pause puts off the execution's timeout.
    public internal(set) var pausesTimeout: Bool?
}

extension HistoryEvent {
    /// The mark of a trimmed history, so that nobody takes what follows for all that there was.
    package init(_ trim: HistoryTrim) {
        self.init(id: 0, type: "HistoryTrimmed", time: Date(trim.time), operation: nil)
    }

    /// Nil for what AWS does not show.
    package init?(_ event: ExecutionEngine.HistoryEvent) {
        guard let eventID = event.eventID else { return nil }
        self.init(
            id: Int(eventID), type: event.typeName, time: Date(event.time),
            operation: event.operation.map(ReplayError.Identity.init))
        switch event.details {
        case .executionStarted(let input, let timeout):
            payload = input?.inlineBytes
            self.timeout = timeout?.duration
        case .executionSucceeded(let result), .contextSucceeded(let result), .callbackSucceeded(let result),
            .chainedInvokeSucceeded(let result):
            payload = result?.inlineBytes
        case .executionFailed(let error), .executionTimedOut(let error), .contextFailed(let error),
            .waitCancelled(let error), .callbackFailed(let error), .chainedInvokeFailed(let error):
            self.error = error.map { RecordedError($0) }
        case .executionStopped(let error), .callbackTimedOut(let error), .chainedInvokeTimedOut(let error),
            .chainedInvokeStopped(let error):
            self.error = RecordedError(error)
        case .executionPaused(let requestTime, let request):
            self.requestTime = Date(requestTime)
            reason = request.reason
            pausesTimeout = request.pausesTimeout
        case .executionResumed(let requestTime, let reason):
            self.requestTime = Date(requestTime)
            self.reason = reason
        case .invocationCompleted(let start, _, let requestID, let error):
            invocationStartTime = Date(start)
            self.requestID = requestID.description
            self.error = error.map { RecordedError($0) }
        case .stepSucceeded(let result, let retry):
            payload = result?.inlineBytes
            fill(retry)
        case .stepFailed(let error, let retry):
            self.error = error.map { RecordedError($0) }
            fill(retry)
        case .waitStarted(let duration, let scheduledEndTime):
            self.duration = duration.duration
            self.scheduledEndTime = Date(scheduledEndTime)
        case .waitSucceeded(let duration):
            self.duration = duration.duration
        case .callbackStarted(let callbackID, let timeout, let heartbeatTimeout):
            self.callbackID = CallbackID(callbackID.description)
            self.timeout = timeout?.duration
            self.heartbeatTimeout = heartbeatTimeout?.duration
        case .chainedInvokeStarted(let start, let child):
            payload = start.input?.inlineBytes
            functionName = start.function
            executedVersion = start.target?.version
            invokedExecutionARN = child?.description
            tenantID = start.tenantID
        case .contextStarted, .stepStarted, .executionHeld, .executionPauseRequested, .executionPauseCancelled,
            .executionCancelRequested, .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld,
            .retentionReleased, .invocationStarted, .stepReady, .callbackHeartbeat:
            break
        }
    }

    private mutating func fill(_ retry: ExecutionEngine.HistoryEvent.Retry) {
        attempt = Int(retry.currentAttempt)
        nextAttemptDelay = retry.nextAttemptDelay?.duration
    }
}
