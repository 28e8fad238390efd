import ExecutionModel

/// Turns the records of one execution, from its first, into its history, one at a time: a long history is never held
/// whole. A record that cannot follow those before it, so one that is missing too, is refused and never passed over.
///
/// Of a trimmed history it is given ``HistoryTrim/kept(of:)``: the events that are left have the EventIds that they had.
package struct HistoryProjection: Sendable {
    private let includesInternal: Bool
    private let owner: ExecutionARN.Owner
    private let trim: HistoryTrim?
    /// Whether records may be missing before the next: between the first of a trimmed history and the one that says so.
    private var isGapped = false
    private var hasEnded = false
    private var execution: (number: ExecutionNumber, secret: RandomBits)?
    private var pause: (request: PauseRequest, time: Timestamp)?
    private var sequence: UInt32 = 0
    private var eventID: UInt32 = 0
    private var invocation: (requestID: RandomBits, start: Timestamp)?
    private var operations: [KnownOperation] = []

    /// What later events of an operation do not repeat.
    private struct KnownOperation {
        var identity: OperationIdentity
        var attempt: UInt32 = 0
        var duration = Milliseconds(0)
    }

    /// - Parameters:
    ///   - includesInternal: Whether to show the facts that AWS does not; they have no EventId.
    ///   - owner: What the Resource Names of executions that it started say.
    ///   - trim: That of the execution's history; nil: it is complete, as far as it goes.
    package init(
        includesInternal: Bool = false, owner: ExecutionARN.Owner = .embedded, trim: HistoryTrim? = nil
    ) {
        self.includesInternal = includesInternal
        self.owner = owner
        self.trim = trim
    }

    /// The history of one execution's records. One that has been trimmed is what is left of it, whatever else the records
    /// hold.
    package static func history(
        of records: [RecordedEvent], includesInternal: Bool = false, owner: ExecutionARN.Owner = .embedded
    ) throws(RecordError) -> [HistoryEvent] {
        let trim = HistoryTrim(of: records)
        var projection = HistoryProjection(includesInternal: includesInternal, owner: owner, trim: trim)
        var history: [HistoryEvent] = []
        for record in trim == nil ? records : HistoryTrim.kept(of: records) {
            if let event = try projection.project(record) { history.append(event) }
        }
        return history
    }

    /// The record's event in the history; nil for an internal fact that is not asked for.
    package mutating func project(_ record: RecordedEvent) throws(RecordError) -> HistoryEvent? {
        guard record.sequence == sequence + 1 || isGapped && record.sequence > sequence else {
            throw .sequence(expected: sequence + 1, found: record.sequence)
        }
        sequence = record.sequence
        if let trim { try follow(trim, record.event) }
        if case .executionStarted(let start) = record.event {
            execution = (record.execution, start.secret)
        }
        let known: Int? =
            if let operation = record.event.operation { try index(of: operation, record.event) } else { nil }
        var event = HistoryEvent(
            eventID: nil, sequence: record.sequence, time: record.time,
            operation: known.map { operations[$0].identity }, details: try details(of: record, known))
        if event.isInternal { return includesInternal ? event : nil }
        eventID += 1
        event.eventID = eventID
        return event
    }

    /// What has been trimmed lies between the start and the record that says so, and the end is not part of it.
    private mutating func follow(_ trim: HistoryTrim, _ event: Event) throws(RecordError) {
        if event.eventKind.isStart { isGapped = true }
        if event.eventKind.isEnd {
            hasEnded = true
            eventID = trim.endEventID - 1
        }
        guard case .historyTrimmed = event else { return }
        guard hasEnded else { throw .status(.running) }
        isGapped = false
    }

    private mutating func index(of operation: OperationReference, _ event: Event) throws(RecordError) -> Int {
        switch operation {
        case .existing(let ordinal):
            guard ordinal.rawValue < operations.count else { throw .operationUnknown(ordinal) }
            return Int(ordinal.rawValue)
        case .first(let start):
            if let parent = start.parent, parent.rawValue >= operations.count { throw .parent(parent) }
            let parentID = start.parent.map { operations[Int($0.rawValue)].identity.id }
            operations.append(
                KnownOperation(
                    identity: OperationIdentity(
                        id: start.id, parentID: parentID, type: event.operationType, subType: start.subType,
                        name: start.name)))
            return operations.count - 1
        }
    }

    private mutating func retry(_ known: Int?, _ delay: Milliseconds?) -> HistoryEvent.Retry {
        guard let known else { return HistoryEvent.Retry(currentAttempt: 1, nextAttemptDelay: delay) }
        operations[known].attempt += 1
        return HistoryEvent.Retry(currentAttempt: operations[known].attempt, nextAttemptDelay: delay)
    }

    private mutating func details(of record: RecordedEvent, _ known: Int?) throws(RecordError) -> HistoryEvent.Details {
        switch record.event {
        case .executionStarted(let start): return .executionStarted(input: start.input, timeout: start.timeout)
        case .executionSucceeded(let result): return .executionSucceeded(result: result)
        case .executionFailed(let error): return .executionFailed(error: error)
        case .executionTimedOut(let error): return .executionTimedOut(error: error)
        case .executionStopped(let error): return .executionStopped(error: error)
        case .executionHeld(let divergence): return .executionHeld(divergence)
        case .executionPauseRequested(let request):
            pause = (request, record.time)
            return .executionPauseRequested(request)
        case .executionPauseCancelled(let reason): return .executionPauseCancelled(reason: reason)
        case .executionPaused:
            guard let pause else { throw .status(.running) }
            return .executionPaused(requestTime: pause.time, pause.request)
        case .executionResumed(let reason): return .executionResumed(requestTime: record.time, reason: reason)
        case .executionCancelRequested(let reason): return .executionCancelRequested(reason: reason)
        case .executionDeleted: return .executionDeleted
        case .retentionTrimmed: return .retentionTrimmed
        case .historyTrimmed(let endEventID): return .historyTrimmed(endEventID: endEventID)
        case .retentionHeld(let name, let reason): return .retentionHeld(name: name, reason: reason)
        case .retentionReleased(let name, let reason): return .retentionReleased(name: name, reason: reason)
        case .invocationStarted(let requestID):
            invocation = (requestID, record.time)
            return .invocationStarted(requestID: requestID)
        case .invocationCompleted(let end):
            guard let invocation else { throw .invocationNotInFlight }
            return .invocationCompleted(
                start: invocation.start, end: record.time, requestID: invocation.requestID, error: end.error)
        case .contextStarted: return .contextStarted
        case .contextSucceeded(_, let result, _): return .contextSucceeded(result: result)
        case .contextFailed(_, let error): return .contextFailed(error: error)
        case .stepStarted: return .stepStarted
        case .stepSucceeded(_, let result, let delay): return .stepSucceeded(result: result, retry: retry(known, delay))
        case .stepFailed(_, let error, let delay): return .stepFailed(error: error, retry: retry(known, delay))
        case .stepReady: return .stepReady
        case .waitStarted(_, let duration):
            if let known { operations[known].duration = duration }
            return .waitStarted(duration: duration, scheduledEndTime: record.time.adding(duration))
        case .waitSucceeded: return .waitSucceeded(duration: known.map { operations[$0].duration } ?? Milliseconds(0))
        case .waitCancelled(_, let error): return .waitCancelled(error: error)
        case .callbackStarted(_, let timeout, let heartbeatTimeout):
            guard let execution, let known else { throw .executionUnknown }
            return .callbackStarted(
                callbackID: CallbackID(
                    execution: execution.number, ordinal: OperationOrdinal(UInt32(known)), secret: execution.secret),
                timeout: timeout, heartbeatTimeout: heartbeatTimeout)
        case .callbackSucceeded(_, let result): return .callbackSucceeded(result: result)
        case .callbackFailed(_, let error): return .callbackFailed(error: error)
        case .callbackTimedOut(_, let error): return .callbackTimedOut(error: error)
        case .callbackHeartbeat: return .callbackHeartbeat
        case .chainedInvokeStarted(_, let start):
            return .chainedInvokeStarted(start, child: child(of: start, known))
        case .chainedInvokeSucceeded(_, let result): return .chainedInvokeSucceeded(result: result)
        case .chainedInvokeFailed(_, let error): return .chainedInvokeFailed(error: error)
        case .chainedInvokeTimedOut(_, let error): return .chainedInvokeTimedOut(error: error)
        case .chainedInvokeStopped(_, let error): return .chainedInvokeStopped(error: error)
        }
    }

    private func child(of start: ChainedInvokeStart, _ known: Int?) -> ExecutionARN? {
        guard let target = start.target, !target.isPlain, let execution, let known,
            let function = FunctionReference(start.function)
        else { return nil }
        let name = ExecutionStart.chainedName(of: operations[known].identity.id, secret: execution.secret)
        return ExecutionARN(
            owner: owner, function: function.name, version: target.version, name: name, id: target.child)
    }
}

extension Event {
    /// The type of operation that the event is about.
    var operationType: OperationType {
        switch self {
        case .executionStarted, .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped,
            .executionHeld, .executionPauseRequested, .executionPauseCancelled, .executionPaused, .executionResumed,
            .executionCancelRequested, .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld,
            .retentionReleased, .invocationStarted, .invocationCompleted:
            .execution
        case .contextStarted, .contextSucceeded, .contextFailed: .context
        case .stepStarted, .stepSucceeded, .stepFailed, .stepReady: .step
        case .waitStarted, .waitSucceeded, .waitCancelled: .wait
        case .callbackStarted, .callbackSucceeded, .callbackFailed, .callbackTimedOut, .callbackHeartbeat: .callback
        case .chainedInvokeStarted, .chainedInvokeSucceeded, .chainedInvokeFailed, .chainedInvokeTimedOut,
            .chainedInvokeStopped:
            .chainedInvoke
        }
    }
}
