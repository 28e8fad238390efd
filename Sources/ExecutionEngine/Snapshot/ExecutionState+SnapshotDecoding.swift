import ExecutionModel

extension ExecutionState {
    /// Reads what ``snapshotRecords(storingPayloadsOver:lsn:)`` wrote: the state that a recovery from the events before it
    /// would have. Everything is checked: the bytes may be anyone's.
    ///
    /// - Parameters:
    ///   - number: The execution's, which the directory of its frame holds.
    ///   - delayMax: The longest an execution may take: ``Limits/delayMax``.
    package init(
        snapshot records: [SnapshotRecord], number: ExecutionNumber, delayMax: Milliseconds
    ) throws(SnapshotError) {
        guard records.count >= 2 else { throw .recordCount(expected: 2, found: records.count) }
        for (index, record) in records.enumerated() {
            let expected: SnapshotKind = index == 0 ? .start : index == 1 ? .progress : .operation
            guard record.kind == expected.rawValue else { throw .kind(record.kind, index: index) }
        }
        func decoding<Result>(
            _ index: Int, _ body: () throws(EventDecodingError) -> Result
        ) throws(SnapshotError) -> Result {
            do throws(EventDecodingError) { return try body() } catch { throw .record(index: index, error) }
        }
        let (start, time) = try decoding(0) { () throws(EventDecodingError) in
            try Self.decodeStart(records[0].body)
        }
        var state = ExecutionState(start: start, number: number, delayMax: delayMax, at: time)
        try decoding(1) { () throws(EventDecodingError) in
            try state.decodeProgress(records[1].body)
        }
        let rowCount = state.status.isTerminal ? 0 : state.operationCount
        guard rowCount == records.count - 2 else {
            throw .recordCount(expected: UInt64(rowCount) + 2, found: records.count)
        }
        state.rows.reserveCapacity(rowCount)
        state.ordinals.reserveCapacity(rowCount)
        for index in 2..<records.count {
            try decoding(index) { () throws(EventDecodingError) in
                try state.decodeRow(records[index].body)
            }
        }
        self = state
    }

    private static func decodeStart(
        _ body: [UInt8]
    ) throws(EventDecodingError) -> (start: ExecutionStart, time: Timestamp) {
        let bytes = body.span.bytes
        var offset = 0
        let secret = try bytes.random(.secret, at: &offset)
        let function = try bytes.string(.function, at: &offset)
        let version = try bytes.string(.version, at: &offset)
        let name = try bytes.string(.name, at: &offset)
        let timeout = try bytes.optionalDelay(.executionTimeout, at: &offset)
        let input = try bytes.keptPayload(at: &offset)
        var start = ExecutionStart(
            secret: secret, function: function, version: version, name: name, input: input, timeout: timeout)
        start.retention = try bytes.retentionPolicy(at: &offset)
        try bytes.readExtension(of: &start, at: &offset)
        let time = Timestamp(millisecondsSinceEpoch: try bytes.signed(.time, at: &offset))
        try bytes.requireEnd(at: offset)
        return (start, time)
    }

    private mutating func decodeProgress(_ body: [UInt8]) throws(EventDecodingError) {
        let bytes = body.span.bytes
        var offset = 0
        guard let status = ExecutionStatus(rawValue: try bytes.byte(.status, at: &offset)) else {
            throw .invalid(field: .status, offset: 0)
        }
        self.status = status
        var start = offset
        sequence = UInt32(try bytes.count(.sequence, atMost: UInt64(UInt32.max), at: &offset))
        guard sequence > 0 else { throw .invalid(field: .sequence, offset: start) }
        start = offset
        lastTime = try bytes.time(since: startTime, at: &offset)
        guard lastTime >= startTime else { throw .invalid(field: .time, offset: start) }
        try decodeCounts(bytes, at: &offset)
        timeoutExtension = Milliseconds(try bytes.signed(.timeoutExtension, at: &offset))
        start = offset
        let flags = try bytes.byte(.flags, at: &offset)
        guard flags & ~ProgressFlags.known == 0 else { throw .invalid(field: .flags, offset: start) }
        isTokenRevoked = flags & ProgressFlags.tokenRevoked != 0
        if flags & ProgressFlags.cancelRequested != 0 {
            let time = try bytes.time(since: startTime, at: &offset)
            cancelRequest = CancelRequest(time: time, reason: try bytes.optionalString(.reason, at: &offset))
        }
        if flags & ProgressFlags.unseen != 0 {
            guard cancelRequest != nil, !status.isTerminal else { throw .invalid(field: .flags, offset: start) }
            isExecutionRowChanged = true
            changeSequence = 1
        }
        if status == .pausing || status == .paused {
            let pausesTimeout = try bytes.flag(at: &offset)
            let reason = try bytes.optionalString(.reason, at: &offset)
            pause = Pause(
                request: PauseRequest(reason: reason, pausesTimeout: pausesTimeout),
                requestTime: try bytes.time(since: startTime, at: &offset))
            if status == .paused { pause?.since = try bytes.time(since: startTime, at: &offset) }
        }
        if status.isTerminal {
            endTime = try bytes.time(since: startTime, at: &offset)
            result = try bytes.keptPayload(at: &offset)
            error = try bytes.optionalError(at: &offset)
        }
        if flags & ProgressFlags.historyTrimmed != 0 {
            guard status.isTerminal, !isInFlight else { throw .invalid(field: .flags, offset: start) }
            historyTrimTime = try bytes.time(since: startTime, at: &offset)
        }
        if flags & ProgressFlags.held != 0 {
            guard !self.start.isPlain else { throw .invalid(field: .flags, offset: start) }
            try decodeHolds(bytes, at: &offset)
        }
        try bytes.requireEnd(at: offset)
    }

    private mutating func decodeHolds(_ bytes: RawSpan, at offset: inout Int) throws(EventDecodingError) {
        let begin = offset
        let count = try bytes.count(.count, atMost: UInt64(sequence) - 1, at: &offset)
        guard count > 0 else { throw .invalid(field: .count, offset: begin) }
        var names: Set<String> = []
        for _ in 0..<count {
            let place = offset
            let name = try bytes.string(.hold, at: &offset)
            guard names.insert(name).inserted else { throw .invalid(field: .hold, offset: place) }
            let reason = try bytes.optionalString(.reason, at: &offset)
            retentionHolds.append(
                RetentionHold(name: name, reason: reason, time: try bytes.time(since: startTime, at: &offset)))
        }
    }

    /// Counts of events are below the count of all events, so none can pass what its type holds, now or later.
    private mutating func decodeCounts(_ bytes: RawSpan, at offset: inout Int) throws(EventDecodingError) {
        let events = UInt64(sequence)
        let place = offset
        lastEventID = UInt32(try bytes.count(.eventID, atMost: events, at: &offset))
        guard lastEventID > (status.isTerminal ? 1 : 0) else { throw .invalid(field: .eventID, offset: place) }
        operationCount = Int(try bytes.count(.count, atMost: events - 1, at: &offset))
        invocationCount = UInt32(try bytes.count(.count, atMost: events - 1, at: &offset))
        if invocationCount > 0 {
            tokenCheck = CheckpointToken.check(invocation: invocationCount, secret: start.secret)
        }
        try decodePhase(bytes, at: &offset)
        failedInvocationCount = Int(try bytes.count(.count, atMost: UInt64(invocationCount), at: &offset))
        refusedInvocationCount = Int(try bytes.count(.count, atMost: UInt64(invocationCount), at: &offset))
        let begin = offset
        meteredOperationCount = Int(try bytes.count(.meter, atMost: 2 * events, at: &offset))
        guard meteredOperationCount > 0 else { throw .invalid(field: .meter, offset: begin) }
        // No record of the log is longer, and an empty line of a stack trace counts for twice its byte.
        meteredByteCount = Int(
            try bytes.count(.meter, atMost: 2 * events * UInt64(Payload.storedLengthMax), at: &offset))
    }

    private mutating func decodePhase(_ bytes: RawSpan, at offset: inout Int) throws(EventDecodingError) {
        let begin = offset
        let code = try bytes.byte(.phase, at: &offset)
        switch code {
        case PhaseCode.neverInvoked: phase = .neverInvoked
        case PhaseCode.inFlight:
            let requestID = try bytes.random(.requestID, at: &offset)
            phase = .inFlight(requestID: requestID, since: try bytes.time(since: startTime, at: &offset))
        case PhaseCode.suspended: phase = .suspended(mustWake: false)
        case PhaseCode.mustWake: phase = .suspended(mustWake: true)
        case PhaseCode.failed: phase = .failed(retryTime: try bytes.time(since: startTime, at: &offset))
        case PhaseCode.held:
            let recorded = try bytes.identity(at: &offset)
            let start = offset
            guard let attempted = try bytes.identity(at: &offset) else {
                throw .invalid(field: .operationType, offset: start)
            }
            phase = .held(Divergence(recorded: recorded, attempted: attempted))
        case PhaseCode.over: phase = .over
        default: throw .invalid(field: .phase, offset: begin)
        }
        // An execution that was never invoked may have ended, or be held by another program's record.
        let isPossible = invocationCount > 0 ? code != PhaseCode.neverInvoked : Self.needNoInvocation.contains(code)
        guard isPossible else { throw .invalid(field: .phase, offset: begin) }
    }

    private static let needNoInvocation: Set = [PhaseCode.neverInvoked, PhaseCode.held, PhaseCode.over]

    /// Adds the row, and what is derived from it.
    private mutating func decodeRow(_ body: [UInt8]) throws(EventDecodingError) {
        let ordinal = OperationOrdinal(UInt32(rows.count))
        let row = try OperationRow(decoding: body.span.bytes, as: ordinal, of: self)
        if let parent = row.parent { rows[Int(parent.rawValue)].lastChild = ordinal }
        ordinals[row.operation.identity.id] = ordinal
        if row.isAwaited { awaitedCount += 1 }
        if row.isChanged { changes.append(ordinal) }
        for kind in Timer.Kind.allCases {
            if let due = row.due(kind) { timers.add(Timer(due: due, ordinal: ordinal, kind: kind)) }
        }
        rows.append(row)
    }
}

extension RawSpan {
    func requireEnd(at offset: Int) throws(EventDecodingError) {
        guard offset == byteCount else { throw .trailingBytes(offset: offset, count: byteCount - offset) }
    }
}
