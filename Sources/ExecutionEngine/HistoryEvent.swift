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

        // Internal facts.
        case executionHeld(Divergence)
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
        case .executionHeld: "ExecutionHeld"
        case .invocationStarted: "InvocationStarted"
        case .stepReady: "StepReady"
        case .callbackHeartbeat: "CallbackHeartbeat"
        }
    }

    /// Whether AWS does not show such an event.
    package var isInternal: Bool {
        switch details {
        case .executionHeld, .invocationStarted, .stepReady, .callbackHeartbeat: true
        case .executionStarted, .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped,
            .invocationCompleted, .contextStarted, .contextSucceeded, .contextFailed, .stepStarted, .stepSucceeded,
            .stepFailed, .waitStarted, .waitSucceeded, .waitCancelled, .callbackStarted, .callbackSucceeded,
            .callbackFailed, .callbackTimedOut:
            false
        }
    }
}
