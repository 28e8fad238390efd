extension Event {
    /// Appends the body: all that the frame's directory does not say. SPEC.md, "Events", is the authority.
    ///
    /// Every value has one encoding, so equal events have equal bytes.
    package func encodeBody(into bytes: inout [UInt8]) {
        switch self {
        case .executionStarted(let start):
            bytes.append(random: start.secret)
            bytes.append(string: start.function)
            bytes.append(string: start.version)
            bytes.append(string: start.name)
            bytes.append(optionalDelay: start.timeout)
            bytes.append(payload: start.input)
            guard start.kind != .executionStarted else { return }
            if let retention = start.retention.simpleForm {
                bytes.append(optionalDelay: retention)
            } else {
                bytes.append(retention: start.retention)
            }
            bytes.append(extensionOf: start)
        case .executionSucceeded(let result):
            bytes.append(payload: result)
        case .executionFailed(let error), .executionTimedOut(let error):
            bytes.append(optionalError: error)
        case .executionStopped(let error):
            bytes.append(optionalError: error)
        case .executionHeld(let divergence):
            bytes.append(identity: divergence.recorded)
            bytes.append(identity: divergence.attempted)
        case .executionPauseRequested(let request):
            bytes.append(request.pausesTimeout ? 1 : 0)
            bytes.append(optionalString: request.reason)
        case .executionPauseCancelled(let reason), .executionResumed(let reason),
            .executionCancelRequested(let reason):
            bytes.append(optionalString: reason)
        case .executionPaused, .executionDeleted:
            break
        case .retentionTrimmed:
            bytes.append(RetentionCode.nothing)
        case .historyTrimmed(let endEventID):
            bytes.append(varint: UInt64(endEventID))
        case .retentionHeld(let name, let reason), .retentionReleased(let name, let reason):
            bytes.append(string: name)
            bytes.append(optionalString: reason)
        case .invocationStarted(let requestID):
            bytes.append(random: requestID)
        case .invocationCompleted(let end):
            bytes.append(invocationEnd: end)
        case .contextStarted(let operation), .stepStarted(let operation), .stepReady(let operation),
            .waitSucceeded(let operation), .callbackHeartbeat(let operation):
            bytes.append(operation: operation)
        case .contextSucceeded(let operation, let result, let replayChildren):
            bytes.append(operation: operation)
            bytes.append(replayChildren ? 1 : 0)
            bytes.append(payload: result)
        case .contextFailed(let operation, let error), .waitCancelled(let operation, let error),
            .callbackFailed(let operation, let error), .chainedInvokeFailed(let operation, let error):
            bytes.append(operation: operation)
            bytes.append(optionalError: error)
        case .stepSucceeded(let operation, let result, let delay):
            bytes.append(operation: operation)
            bytes.append(optionalDelay: delay)
            bytes.append(payload: result)
        case .stepFailed(let operation, let error, let delay):
            bytes.append(operation: operation)
            bytes.append(optionalDelay: delay)
            bytes.append(optionalError: error)
        case .waitStarted(let operation, let duration):
            bytes.append(operation: operation)
            bytes.append(delay: duration)
        case .callbackStarted(let operation, let timeout, let heartbeatTimeout):
            bytes.append(operation: operation)
            bytes.append(optionalDelay: timeout)
            bytes.append(optionalDelay: heartbeatTimeout)
        case .callbackSucceeded(let operation, let result), .chainedInvokeSucceeded(let operation, let result):
            bytes.append(operation: operation)
            bytes.append(payload: result)
        case .callbackTimedOut(let operation, let error), .chainedInvokeTimedOut(let operation, let error),
            .chainedInvokeStopped(let operation, let error):
            bytes.append(operation: operation)
            bytes.append(optionalError: error)
        case .chainedInvokeStarted(let operation, let start):
            bytes.append(operation: operation)
            bytes.append(chainedInvoke: start)
        }
    }
}

/// The fields that events are made of. `RawSpan+EventFields.swift` reads what this writes.
extension [UInt8] {
    /// Little-endian groups of seven bits, the eighth set on all but the last.
    package mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    package mutating func append(string: String) {
        append(varint: UInt64(string.utf8.count))
        append(contentsOf: string.utf8)
    }

    /// The length plus one, and 0 for none.
    package mutating func append(optionalString string: String?) {
        guard let string else { return append(0) }
        append(varint: UInt64(string.utf8.count) + 1)
        append(contentsOf: string.utf8)
    }

    /// The length plus one, and 0 for none.
    package mutating func append(payload: Payload?) {
        switch payload {
        case nil:
            append(0)
        case .inline(let payload):
            append(varint: UInt64(payload.count) + 1)
            append(contentsOf: payload)
        case .stored:
            preconditionFailure("an event's record holds payloads themselves, never the place of one")
        }
    }

    package mutating func append(delay: Milliseconds) {
        precondition(delay.rawValue >= 0, "a recorded length of time is never negative")
        append(varint: UInt64(delay.rawValue))
    }

    /// The milliseconds plus one, and 0 for none.
    package mutating func append(optionalDelay delay: Milliseconds?) {
        guard let delay else { return append(0) }
        precondition(delay.rawValue >= 0, "a recorded length of time is never negative")
        append(varint: UInt64(delay.rawValue) + 1)
    }

    /// Sixteen bytes in the order of their text, so that a hexadecimal dump reads as the id does.
    package mutating func append(random: RandomBits) {
        for half in [random.high, random.low] {
            for shift in stride(from: 56, through: 0, by: -8) { append(UInt8(truncatingIfNeeded: half >> shift)) }
        }
    }

    /// One byte of flags, 0 for none, then the parts that the flags name.
    package mutating func append(optionalError error: ErrorObject?) {
        guard let error else { return append(0) }
        append(
            ErrorFlags.present | (error.message == nil ? 0 : ErrorFlags.message)
                | (error.type == nil ? 0 : ErrorFlags.type) | (error.data == nil ? 0 : ErrorFlags.data)
                | (error.stackTrace.isEmpty ? 0 : ErrorFlags.stackTrace))
        if let message = error.message { append(string: message) }
        if let type = error.type { append(string: type) }
        if let data = error.data { append(string: data) }
        if !error.stackTrace.isEmpty {
            append(varint: UInt64(error.stackTrace.count))
            for line in error.stackTrace { append(string: line) }
        }
    }

    /// 0, then who the operation is; or the ordinal plus one.
    mutating func append(operation: OperationReference) {
        switch operation {
        case .existing(let ordinal):
            append(varint: UInt64(ordinal.rawValue) + 1)
        case .first(let start):
            append(0)
            append(string: start.id.rawValue)
            append(varint: start.parent.map { UInt64($0.rawValue) + 1 } ?? 0)
            append(subType: start.subType)
            append(optionalString: start.name)
        }
    }

    /// One byte: 0 for none, the code of a well-known sub type, or 255 and the string.
    package mutating func append(subType: String?) {
        guard let subType else { return append(0) }
        guard let code = SubTypeCode.code(of: subType) else {
            append(SubTypeCode.other)
            return append(string: subType)
        }
        append(code)
    }

    /// The type's code plus one, and 0 for none; then id, parent's id, sub type and name.
    package mutating func append(identity: OperationIdentity?) {
        guard let identity else { return append(0) }
        append(identity.type.rawValue + 1)
        append(string: identity.id.rawValue)
        append(optionalString: identity.parentID?.rawValue)
        append(subType: identity.subType)
        append(optionalString: identity.name)
    }

    /// What the longer forms of a start have beyond the first, but for its retention, which comes before.
    package mutating func append(extensionOf start: ExecutionStart) {
        append(optionalString: start.tenantID)
        append(optionalString: start.traceHeader)
        append(start.isPlain ? 1 : 0)
        guard let parent = start.parent else { return append(0) }
        append(1)
        append(varint: parent.execution.rawValue)
        append(varint: UInt64(parent.operation.rawValue))
    }

    mutating func append(chainedInvoke start: ChainedInvokeStart) {
        append(string: start.function)
        append(optionalString: start.tenantID)
        append(optionalString: start.traceHeader)
        if let target = start.target {
            append(target.isPlain ? TargetCode.plain : TargetCode.durable)
            append(string: target.version)
            append(varint: target.child.number.rawValue)
            append(random: target.child.check)
        } else {
            append(TargetCode.none)
        }
        append(payload: start.input)
    }

    mutating func append(invocationEnd end: InvocationEnd) {
        switch end {
        case .returned(let error):
            append(InvocationEndCode.returned)
            append(optionalError: error)
        case .suspended(let unseenChanges):
            append(unseenChanges ? InvocationEndCode.suspendedWithUnseenChanges : InvocationEndCode.suspended)
        case .refused(let error):
            append(InvocationEndCode.refused)
            append(optionalError: error)
        case .crashed(let error, let retryDelay):
            append(InvocationEndCode.crashed)
            append(optionalError: error)
            append(delay: retryDelay)
        case .diverged(let error):
            append(InvocationEndCode.diverged)
            append(optionalError: error)
        case .ignored(let error):
            append(InvocationEndCode.ignored)
            append(optionalError: error)
        }
    }
}

/// The bits before an error's parts.
enum ErrorFlags {
    static let present: UInt8 = 1 << 0
    static let message: UInt8 = 1 << 1
    static let type: UInt8 = 1 << 2
    static let data: UInt8 = 1 << 3
    static let stackTrace: UInt8 = 1 << 4
    static let known: UInt8 = present | message | type | data | stackTrace
}

/// The byte that says what a chained invoke was resolved to.
enum TargetCode {
    static let none: UInt8 = 0
    static let durable: UInt8 = 1
    static let plain: UInt8 = 2
}

/// The byte that says what is kept of a trimmed execution.
enum RetentionCode {
    static let nothing: UInt8 = 0
}

/// The byte that says how an invocation ended.
enum InvocationEndCode {
    static let returned: UInt8 = 0
    static let suspended: UInt8 = 1
    static let suspendedWithUnseenChanges: UInt8 = 2
    static let refused: UInt8 = 3
    static let crashed: UInt8 = 4
    static let diverged: UInt8 = 5
    static let ignored: UInt8 = 6
}
