import ExecutionModel

extension OperationRow {
    /// Appends the row, without what follows from its place among the others: SPEC.md, "Snapshots".
    func encode(result: Payload?, isUnseen: Bool, since executionStart: Timestamp, into bytes: inout [UInt8]) {
        let identity = operation.identity
        bytes.append(identity.type.rawValue)
        bytes.append(operation.status.rawValue)
        bytes.append(
            (isUnseen ? RowFlags.unseen : 0) | (hasDetail ? RowFlags.detail : 0)
                | (heartbeatTimeout == nil ? 0 : RowFlags.heartbeat))
        bytes.append(string: identity.id.rawValue)
        bytes.append(varint: parent.map { UInt64($0.rawValue) + 1 } ?? 0)
        bytes.append(subType: identity.subType)
        bytes.append(optionalString: identity.name)
        bytes.append(time: operation.startTime, since: executionStart)
        if let endTime = operation.endTime { bytes.append(time: endTime, since: operation.startTime) }
        encodeDetails(into: &bytes)
        bytes.append(kept: result)
        bytes.append(optionalError: operation.error)
    }

    private var hasDetail: Bool {
        switch operation.details {
        case .execution, .wait: false
        case .context(let replayChildren): replayChildren
        case .step(_, let nextAttemptTime): nextAttemptTime != nil
        case .callback: callbackDue != nil
        case .chainedInvoke(let child): child != nil
        }
    }

    private func encodeDetails(into bytes: inout [UInt8]) {
        switch operation.details {
        case .execution: preconditionFailure("the execution is no row of its own table")
        case .context: break
        case .step(let attempt, let nextAttemptTime):
            bytes.append(varint: UInt64(attempt))
            if let nextAttemptTime { bytes.append(time: nextAttemptTime, since: operation.startTime) }
        case .wait(let scheduledEndTime):
            bytes.append(time: scheduledEndTime, since: operation.startTime)
        case .callback:
            if let callbackDue { bytes.append(time: callbackDue, since: operation.startTime) }
            if let heartbeatTimeout, let heartbeatDue {
                bytes.append(delay: heartbeatTimeout)
                bytes.append(time: heartbeatDue, since: operation.startTime)
            }
        case .chainedInvoke(let child):
            guard let child else { return }
            bytes.append(varint: child.number.rawValue)
            bytes.append(random: child.check)
        }
    }

    /// Reads the row that comes next in `execution`, whose rows before it are all there.
    init(
        decoding bytes: RawSpan, as ordinal: OperationOrdinal, of execution: borrowing ExecutionState
    ) throws(EventDecodingError) {
        var offset = 0
        guard let type = OperationType(rawValue: try bytes.byte(.operationType, at: &offset)), type != .execution
        else { throw .invalid(field: .operationType, offset: 0) }
        guard let status = OperationStatus(rawValue: try bytes.byte(.status, at: &offset)), type.allows(status) else {
            throw .invalid(field: .status, offset: 1)
        }
        let flags = try bytes.byte(.flags, at: &offset)
        guard flags & ~RowFlags.allowed(for: type, status) == 0 else { throw .invalid(field: .flags, offset: 2) }
        let (identity, parent) = try Self.decodeIdentity(type, bytes, at: &offset, of: execution)
        let startTime = try bytes.time(since: execution.startTime, at: &offset)
        let endTime = status.isTerminal ? try bytes.time(since: startTime, at: &offset) : nil
        self.init(
            operation: Operation(
                identity: identity, status: status, startTime: startTime, endTime: endTime,
                details: .context(replayChildren: flags & RowFlags.detail != 0)),
            parent: parent)
        isChanged = flags & RowFlags.unseen != 0
        changeSequence = isChanged ? 1 : 0
        if let parent {
            let context = execution.rows[Int(parent.rawValue)]
            previousSibling = context.lastChild
            isHidden = context.isHidden || context.operation.isClosedForReplay
        }
        try decodeDetails(flags, bytes, at: &offset, as: ordinal, of: execution)
        let begin = offset
        operation.result = try bytes.keptPayload(at: &offset)
        operation.error = try bytes.optionalError(at: &offset)
        guard !isHidden || !status.isTerminal || operation.result == nil && operation.error == nil else {
            throw .invalid(field: .payload, offset: begin)
        }
        try bytes.requireEnd(at: offset)
    }

    private static func decodeIdentity(
        _ type: OperationType, _ bytes: RawSpan, at offset: inout Int, of execution: borrowing ExecutionState
    ) throws(EventDecodingError) -> (OperationIdentity, parent: OperationOrdinal?) {
        var begin = offset
        let id = try bytes.operationID(at: &offset)
        guard execution.ordinals[id] == nil else { throw .invalid(field: .operationID, offset: begin) }
        begin = offset
        let code = try bytes.varint(.parent, at: &offset)
        let parent = code == 0 ? nil : try bytes.ordinal(code - 1, .parent, from: begin)
        var parentID: OperationID?
        if let parent {
            guard parent.rawValue < execution.rows.count,
                execution.rows[Int(parent.rawValue)].operation.identity.type == .context
            else { throw .invalid(field: .parent, offset: begin) }
            parentID = execution.rows[Int(parent.rawValue)].operation.identity.id
        }
        let subType = try bytes.subType(at: &offset)
        let name = try bytes.optionalString(.name, at: &offset)
        return (OperationIdentity(id: id, parentID: parentID, type: type, subType: subType, name: name), parent)
    }

    private mutating func decodeDetails(
        _ flags: UInt8, _ bytes: RawSpan, at offset: inout Int, as ordinal: OperationOrdinal,
        of execution: borrowing ExecutionState
    ) throws(EventDecodingError) {
        let hasDetail = flags & RowFlags.detail != 0
        let startTime = operation.startTime
        switch operation.identity.type {
        case .execution: preconditionFailure("the execution is no row of its own table")
        case .context: break
        case .step:
            // Each attempt has an event at least, so there is always room for one more.
            let attempt = try bytes.count(.attempt, atMost: UInt64(execution.sequence) - 1, at: &offset)
            operation.details = .step(
                attempt: UInt32(attempt),
                nextAttemptTime: hasDetail ? try bytes.time(since: startTime, at: &offset) : nil)
        case .wait:
            operation.details = .wait(scheduledEndTime: try bytes.time(since: startTime, at: &offset))
        case .callback:
            operation.details = .callback(callbackID: execution.callbackID(ordinal))
            if hasDetail { callbackDue = try bytes.time(since: startTime, at: &offset) }
            if flags & RowFlags.heartbeat != 0 {
                heartbeatTimeout = try bytes.delay(.callbackHeartbeatTimeout, at: &offset)
                heartbeatDue = try bytes.time(since: startTime, at: &offset)
            }
        case .chainedInvoke:
            var child: ExecutionID?
            if hasDetail {
                let number = ExecutionNumber(try bytes.varint(.child, at: &offset))
                child = ExecutionID(number: number, check: try bytes.random(.child, at: &offset))
            }
            operation.details = .chainedInvoke(child: child)
        }
    }
}

extension RowFlags {
    static func allowed(for type: OperationType, _ status: OperationStatus) -> UInt8 {
        switch type {
        case .execution, .wait: unseen
        // Only what ended with a result can have children that are replayed.
        case .context: status == .succeeded ? unseen | detail : unseen
        case .step, .chainedInvoke: unseen | detail
        case .callback: unseen | detail | heartbeat
        }
    }
}

extension OperationType {
    /// Whether an operation of this type can stand there.
    fileprivate func allows(_ status: OperationStatus) -> Bool {
        switch status {
        case .started: true
        case .pending, .ready: self == .step
        case .succeeded: true
        case .failed: self != .wait
        case .cancelled: self == .wait
        case .timedOut: self == .callback || self == .chainedInvoke
        case .stopped: self == .chainedInvoke
        }
    }
}
