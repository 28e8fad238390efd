import ExecutionModel

/// An event as `GetDurableExecutionHistory` shows it: a projection of the log, never stored.
package struct HistoryEvent: Hashable, Sendable {
    /// AWS's EventId, from 1 without gaps; nil for internal facts, which AWS does not show.
    package var eventID: UInt32?
    /// The record's place in its execution's history, internal facts included.
    package var sequence: UInt32
    package var time: Timestamp
    /// The operation that the event is about; nil for those of the execution and its invocations.
    package var operation: OperationIdentity?
    package var details: Details

    package enum Details: Hashable, Sendable {
        case executionStarted(input: Payload?, timeout: Milliseconds?)
        case executionSucceeded(result: Payload?)
        case executionFailed(error: ErrorObject?)
        case executionTimedOut(error: ErrorObject?)
        case executionStopped(error: ErrorObject)
        case executionPaused(requestTime: Timestamp, PauseRequest)
        case executionResumed(requestTime: Timestamp, reason: String?)
        case invocationCompleted(start: Timestamp, end: Timestamp, requestID: RandomBits, error: ErrorObject?)
        case contextStarted
        case contextSucceeded(result: Payload?)
        case contextFailed(error: ErrorObject?)
        case stepStarted
        case stepSucceeded(result: Payload?, retry: Retry)
        case stepFailed(error: ErrorObject?, retry: Retry)
        case waitStarted(duration: Milliseconds, scheduledEndTime: Timestamp)
        case waitSucceeded(duration: Milliseconds)
        case waitCancelled(error: ErrorObject?)
        case callbackStarted(callbackID: CallbackID, timeout: Milliseconds?, heartbeatTimeout: Milliseconds?)
        case callbackSucceeded(result: Payload?)
        case callbackFailed(error: ErrorObject?)
        case callbackTimedOut(error: ErrorObject)
        /// `child`: nil where the target is a plain function, or was not found.
        case chainedInvokeStarted(ChainedInvokeStart, child: ExecutionARN?)
        case chainedInvokeSucceeded(result: Payload?)
        case chainedInvokeFailed(error: ErrorObject?)
        case chainedInvokeTimedOut(error: ErrorObject)
        case chainedInvokeStopped(error: ErrorObject)

        // Internal facts.
        case executionHeld(Divergence)
        case executionPauseRequested(PauseRequest)
        case executionPauseCancelled(reason: String?)
        case executionCancelRequested(reason: String?)
        case executionDeleted
        case retentionTrimmed
        case historyTrimmed(endEventID: UInt32)
        case retentionHeld(name: String, reason: String?)
        case retentionReleased(name: String, reason: String?)
        case invocationStarted(requestID: RandomBits)
        case stepReady
        case callbackHeartbeat
    }

    /// AWS's RetryDetails.
    package struct Retry: Hashable, Sendable {
        /// The attempt that ended, from 1.
        package var currentAttempt: UInt32
        /// Nil: there is no further attempt.
        package var nextAttemptDelay: Milliseconds?
    }
}

extension HistoryEvent {
    /// AWS's EventType; internal facts are named in the same manner.
    package var typeName: String {
        switch details {
        case .executionStarted: "ExecutionStarted"
        case .executionSucceeded: "ExecutionSucceeded"
        case .executionFailed: "ExecutionFailed"
        case .executionTimedOut: "ExecutionTimedOut"
        case .executionStopped: "ExecutionStopped"
        case .invocationCompleted: "InvocationCompleted"
        case .contextStarted: "ContextStarted"
        case .contextSucceeded: "ContextSucceeded"
        case .contextFailed: "ContextFailed"
        case .stepStarted: "StepStarted"
        case .stepSucceeded: "StepSucceeded"
        case .stepFailed: "StepFailed"
        case .waitStarted: "WaitStarted"
        case .waitSucceeded: "WaitSucceeded"
        case .waitCancelled: "WaitCancelled"
        case .callbackStarted: "CallbackStarted"
        case .callbackSucceeded: "CallbackSucceeded"
        case .callbackFailed: "CallbackFailed"
        case .callbackTimedOut: "CallbackTimedOut"
        case .chainedInvokeStarted: "ChainedInvokeStarted"
        case .chainedInvokeSucceeded: "ChainedInvokeSucceeded"
        case .chainedInvokeFailed: "ChainedInvokeFailed"
        case .chainedInvokeTimedOut: "ChainedInvokeTimedOut"
        case .chainedInvokeStopped: "ChainedInvokeStopped"
        case .executionPaused: "ExecutionPaused"
        case .executionResumed: "ExecutionResumed"
        case .executionHeld: "ExecutionHeld"
        case .executionPauseRequested: "ExecutionPauseRequested"
        case .executionPauseCancelled: "ExecutionPauseCancelled"
        case .executionCancelRequested: "ExecutionCancelRequested"
        case .executionDeleted: "ExecutionDeleted"
        case .retentionTrimmed: "RetentionTrimmed"
        case .historyTrimmed: "HistoryTrimmed"
        case .retentionHeld: "RetentionHeld"
        case .retentionReleased: "RetentionReleased"
        case .invocationStarted: "InvocationStarted"
        case .stepReady: "StepReady"
        case .callbackHeartbeat: "CallbackHeartbeat"
        }
    }

    /// Whether AWS does not show such an event.
    package var isInternal: Bool {
        switch details {
        case .executionHeld, .executionPauseRequested, .executionPauseCancelled, .executionCancelRequested,
            .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased,
            .invocationStarted, .stepReady, .callbackHeartbeat:
            true
        case .executionStarted, .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped,
            .executionPaused, .executionResumed, .invocationCompleted, .contextStarted, .contextSucceeded,
            .contextFailed, .stepStarted, .stepSucceeded,
            .stepFailed, .waitStarted, .waitSucceeded, .waitCancelled, .callbackStarted, .callbackSucceeded,
            .callbackFailed, .callbackTimedOut, .chainedInvokeStarted, .chainedInvokeSucceeded, .chainedInvokeFailed,
            .chainedInvokeTimedOut, .chainedInvokeStopped:
            false
        }
    }
}
