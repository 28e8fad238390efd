extension Event {
    /// The payload that the event's record holds, at most one; nil when there is none.
    package var payload: Payload? {
        switch self {
        case .executionStarted(let start): start.input
        case .chainedInvokeStarted(_, let start): start.input
        case .executionSucceeded(let result), .contextSucceeded(_, let result, _), .stepSucceeded(_, let result, _),
            .callbackSucceeded(_, let result), .chainedInvokeSucceeded(_, let result):
            result
        case .executionFailed, .executionTimedOut, .executionStopped, .executionHeld, .executionPauseRequested,
            .executionPauseCancelled, .executionPaused, .executionResumed, .executionCancelRequested,
            .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased,
            .invocationStarted, .invocationCompleted, .contextStarted, .contextFailed, .stepStarted, .stepFailed,
            .stepReady, .waitStarted, .waitSucceeded, .waitCancelled,
            .callbackStarted, .callbackFailed, .callbackTimedOut, .callbackHeartbeat, .chainedInvokeFailed,
            .chainedInvokeTimedOut, .chainedInvokeStopped:
            nil
        }
    }

    /// The event with its payload left in the log, where it is longer than `length`: for a state that is rebuilt from
    /// records and need not hold in memory what the disk holds already.
    ///
    /// Such an event can be applied, not encoded.
    ///
    /// - Parameters:
    ///   - length: Bytes that a payload may have to stay as it is; 0 or more.
    ///   - lsn: Of the record that the event was read from.
    package func storingPayloads(over length: Int, lsn: UInt64) -> Event {
        guard case .inline(let bytes)? = payload, bytes.count > length else { return self }
        let stored = Payload.stored(lsn: lsn, length: bytes.count)
        switch self {
        case .executionStarted(var start):
            start.input = stored
            return .executionStarted(start)
        case .chainedInvokeStarted(let operation, var start):
            start.input = stored
            return .chainedInvokeStarted(operation, start)
        case .executionSucceeded: return .executionSucceeded(result: stored)
        case .contextSucceeded(let operation, _, let replayChildren):
            return .contextSucceeded(operation, result: stored, replayChildren: replayChildren)
        case .stepSucceeded(let operation, _, let delay):
            return .stepSucceeded(operation, result: stored, nextAttemptDelay: delay)
        case .callbackSucceeded(let operation, _): return .callbackSucceeded(operation, result: stored)
        case .chainedInvokeSucceeded(let operation, _): return .chainedInvokeSucceeded(operation, result: stored)
        case .executionFailed, .executionTimedOut, .executionStopped, .executionHeld, .executionPauseRequested,
            .executionPauseCancelled, .executionPaused, .executionResumed, .executionCancelRequested,
            .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased,
            .invocationStarted, .invocationCompleted, .contextStarted, .contextFailed, .stepStarted, .stepFailed,
            .stepReady, .waitStarted, .waitSucceeded, .waitCancelled,
            .callbackStarted, .callbackFailed, .callbackTimedOut, .callbackHeartbeat, .chainedInvokeFailed,
            .chainedInvokeTimedOut, .chainedInvokeStopped:
            preconditionFailure("\(eventKind) has no payload")
        }
    }
}
