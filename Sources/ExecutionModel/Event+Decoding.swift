extension Event {
    package init(kind: UInt8, decodingBody bytes: [UInt8]) throws(EventDecodingError) {
        try self.init(kind: kind, decodingBody: bytes.span.bytes)
    }

    /// Decodes what ``encodeBody(into:)`` wrote. Everything is checked: the bytes may be anyone's.
    package init(kind: UInt8, decodingBody bytes: RawSpan) throws(EventDecodingError) {
        guard let kind = EventKind(rawValue: kind) else { throw .unknownKind(kind) }
        var offset = 0
        self = try Event(kind, bytes, &offset)
        guard offset == bytes.byteCount else {
            throw .trailingBytes(offset: offset, count: bytes.byteCount - offset)
        }
    }

    private init(_ kind: EventKind, _ bytes: RawSpan, _ offset: inout Int) throws(EventDecodingError) {
        switch kind {
        case .executionStarted, .executionStartedExtended, .executionStartedWithPolicy:
            let secret = try bytes.random(.secret, at: &offset)
            let function = try bytes.string(.function, at: &offset)
            let version = try bytes.string(.version, at: &offset)
            let name = try bytes.string(.name, at: &offset)
            let timeout = try bytes.optionalDelay(.executionTimeout, at: &offset)
            let input = try bytes.payload(at: &offset)
            var start = ExecutionStart(
                secret: secret, function: function, version: version, name: name, input: input, timeout: timeout)
            if kind != .executionStarted { try bytes.extend(&start, kind, at: &offset) }
            self = .executionStarted(start)
        case .executionSucceeded:
            self = .executionSucceeded(result: try bytes.payload(at: &offset))
        case .executionFailed:
            self = .executionFailed(error: try bytes.optionalError(at: &offset))
        case .executionTimedOut:
            self = .executionTimedOut(error: try bytes.optionalError(at: &offset))
        case .executionStopped:
            self = .executionStopped(error: try bytes.error(at: &offset))
        case .executionHeld:
            let recorded = try bytes.identity(at: &offset)
            let start = offset
            guard let attempted = try bytes.identity(at: &offset) else {
                throw .invalid(field: .operationType, offset: start)
            }
            self = .executionHeld(Divergence(recorded: recorded, attempted: attempted))
        case .executionPauseRequested:
            let pausesTimeout = try bytes.flag(at: &offset)
            let reason = try bytes.optionalString(.reason, at: &offset)
            self = .executionPauseRequested(PauseRequest(reason: reason, pausesTimeout: pausesTimeout))
        case .executionPauseCancelled:
            self = .executionPauseCancelled(reason: try bytes.optionalString(.reason, at: &offset))
        case .executionPaused: self = .executionPaused
        case .executionResumed: self = .executionResumed(reason: try bytes.optionalString(.reason, at: &offset))
        case .executionCancelRequested:
            self = .executionCancelRequested(reason: try bytes.optionalString(.reason, at: &offset))
        case .executionDeleted: self = .executionDeleted
        case .retentionTrimmed:
            let start = offset
            guard try bytes.byte(.retention, at: &offset) == RetentionCode.nothing else {
                throw .invalid(field: .retention, offset: start)
            }
            self = .retentionTrimmed
        case .historyTrimmed:
            let start = offset
            let value = try bytes.varint(.eventID, at: &offset)
            // The start is the first.
            guard let eventID = UInt32(exactly: value), eventID >= 2 else {
                throw .invalid(field: .eventID, offset: start)
            }
            self = .historyTrimmed(endEventID: eventID)
        case .retentionHeld:
            let name = try bytes.string(.name, at: &offset)
            self = .retentionHeld(name: name, reason: try bytes.optionalString(.reason, at: &offset))
        case .retentionReleased:
            let name = try bytes.string(.name, at: &offset)
            self = .retentionReleased(name: name, reason: try bytes.optionalString(.reason, at: &offset))
        case .invocationStarted:
            self = .invocationStarted(requestID: try bytes.random(.requestID, at: &offset))
        case .invocationCompleted:
            self = .invocationCompleted(try bytes.invocationEnd(at: &offset))
        case .contextStarted, .contextSucceeded, .contextFailed, .stepStarted, .stepSucceeded, .stepFailed, .stepReady,
            .waitStarted, .waitSucceeded, .waitCancelled, .callbackStarted, .callbackSucceeded, .callbackFailed,
            .callbackTimedOut, .callbackHeartbeat, .chainedInvokeStarted, .chainedInvokeSucceeded,
            .chainedInvokeFailed, .chainedInvokeTimedOut, .chainedInvokeStopped:
            let operation = try bytes.operation(at: &offset)
            self = try Event(kind, of: operation, bytes, &offset)
        }
    }

    /// The fields after the operation.
    private init(
        _ kind: EventKind, of operation: OperationReference, _ bytes: RawSpan, _ offset: inout Int
    ) throws(EventDecodingError) {
        switch kind {
        case .contextStarted: self = .contextStarted(operation)
        case .contextSucceeded:
            let replayChildren = try bytes.flag(at: &offset)
            let result = try bytes.payload(at: &offset)
            self = .contextSucceeded(operation, result: result, replayChildren: replayChildren)
        case .contextFailed: self = .contextFailed(operation, error: try bytes.optionalError(at: &offset))
        case .stepStarted: self = .stepStarted(operation)
        case .stepSucceeded:
            let delay = try bytes.optionalDelay(.attemptDelay, at: &offset)
            let result = try bytes.payload(at: &offset)
            self = .stepSucceeded(operation, result: result, nextAttemptDelay: delay)
        case .stepFailed:
            let delay = try bytes.optionalDelay(.attemptDelay, at: &offset)
            let error = try bytes.optionalError(at: &offset)
            self = .stepFailed(operation, error: error, nextAttemptDelay: delay)
        case .stepReady: self = .stepReady(operation)
        case .waitStarted: self = .waitStarted(operation, duration: try bytes.delay(.duration, at: &offset))
        case .waitSucceeded: self = .waitSucceeded(operation)
        case .waitCancelled: self = .waitCancelled(operation, error: try bytes.optionalError(at: &offset))
        case .callbackStarted:
            let timeout = try bytes.optionalDelay(.callbackTimeout, at: &offset)
            let heartbeatTimeout = try bytes.optionalDelay(.callbackHeartbeatTimeout, at: &offset)
            self = .callbackStarted(operation, timeout: timeout, heartbeatTimeout: heartbeatTimeout)
        case .callbackSucceeded: self = .callbackSucceeded(operation, result: try bytes.payload(at: &offset))
        case .callbackFailed: self = .callbackFailed(operation, error: try bytes.optionalError(at: &offset))
        case .callbackTimedOut: self = .callbackTimedOut(operation, error: try bytes.error(at: &offset))
        case .callbackHeartbeat: self = .callbackHeartbeat(operation)
        case .chainedInvokeStarted: self = .chainedInvokeStarted(operation, try bytes.chainedInvoke(at: &offset))
        case .chainedInvokeSucceeded: self = .chainedInvokeSucceeded(operation, result: try bytes.payload(at: &offset))
        case .chainedInvokeFailed: self = .chainedInvokeFailed(operation, error: try bytes.optionalError(at: &offset))
        case .chainedInvokeTimedOut: self = .chainedInvokeTimedOut(operation, error: try bytes.error(at: &offset))
        case .chainedInvokeStopped: self = .chainedInvokeStopped(operation, error: try bytes.error(at: &offset))
        case .executionStarted, .executionStartedExtended, .executionStartedWithPolicy, .executionSucceeded,
            .executionFailed, .executionTimedOut, .executionStopped, .executionPaused, .executionResumed,
            .executionHeld, .executionPauseRequested, .executionPauseCancelled, .executionCancelRequested,
            .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased,
            .invocationStarted, .invocationCompleted:
            preconditionFailure("\(kind) is about no operation")
        }
    }
}
