import ExecutionModel

extension EngineState {
    /// Folds in a record that was read from a log, when it can follow those before it. ``apply(_:to:at:)`` trusts its
    /// caller to have decided the event; a log may be anyone's.
    package mutating func recover(_ record: RecordedEvent) throws(RecordError) {
        if case .executionStarted = record.event {
            guard record.execution.rawValue == record.lsn else { throw .numberMismatch(lsn: record.lsn) }
            guard record.sequence == 1 else { throw .sequence(expected: 1, found: record.sequence) }
            guard executions[record.execution] == nil else { throw .executionStartedTwice }
            apply(record.event, to: record.execution, at: record.time)
            return
        }
        let found: Void? = try update(record.execution) { execution throws(RecordError) in
            try execution.check(record.event, sequence: record.sequence)
        }
        guard found != nil else { throw .executionUnknown }
        apply(record.event, to: record.execution, at: record.time)
    }
}

extension ExecutionState {
    /// Folds in the next record of this execution's history, when it can follow those before it: for a state that is loaded
    /// by itself, from its start or from a snapshot.
    ///
    /// - Throws: What ``EngineState/recover(_:)`` does, and ``RecordError/executionDropped`` for a record after which there
    ///   is no state. The state is as it was.
    package mutating func recover(_ record: RecordedEvent) throws(RecordError) {
        guard record.execution == number else { throw .executionUnknown }
        try check(record.event, sequence: record.sequence)
        switch record.event {
        case .executionDeleted, .retentionTrimmed: throw .executionDropped
        default: apply(record.event, at: record.time)
        }
    }

    /// Everything that ``apply(_:at:)`` relies on.
    func check(_ event: Event, sequence: UInt32) throws(RecordError) {
        let (next, isOver) = self.sequence.addingReportingOverflow(1)
        guard sequence == next, !isOver else { throw .sequence(expected: next, found: sequence) }
        switch event {
        case .executionStarted:
            throw .executionStartedTwice
        case .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped:
            guard !status.isTerminal else { throw .executionEnded }
        case .executionHeld, .invocationStarted:
            guard !status.isTerminal else { throw .executionEnded }
            guard !isInFlight else { throw .invocationInFlight }
            if case .invocationStarted = event, status == .paused { throw .status(status) }
        case .executionPauseRequested: try check(status: [.running])
        case .executionPaused, .executionPauseCancelled: try check(status: [.pausing])
        case .executionResumed: try check(status: [.paused])
        case .executionCancelRequested: try check(status: [.running, .pausing, .paused])
        case .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased:
            try checkRetention(event)
        case .invocationCompleted:
            guard isInFlight else { throw .invocationNotInFlight }
        case .contextStarted(let operation), .waitStarted(let operation, _), .callbackStarted(let operation, _, _),
            .chainedInvokeStarted(let operation, _):
            guard case .first(let start) = operation else { throw .operationStart(event.eventKind) }
            try check(start)
        case .contextSucceeded(let operation, _, _), .contextFailed(let operation, _), .stepStarted(let operation),
            .stepSucceeded(let operation, _, _), .stepFailed(let operation, _, _):
            switch operation {
            case .first(let start): try check(start)
            case .existing(let ordinal): try check(ordinal, event.operationType)
            }
        case .stepReady(let operation), .waitSucceeded(let operation), .waitCancelled(let operation, _),
            .callbackSucceeded(let operation, _), .callbackFailed(let operation, _),
            .callbackTimedOut(let operation, _), .callbackHeartbeat(let operation),
            .chainedInvokeSucceeded(let operation, _), .chainedInvokeFailed(let operation, _),
            .chainedInvokeTimedOut(let operation, _), .chainedInvokeStopped(let operation, _):
            guard case .existing(let ordinal) = operation else { throw .operationStart(event.eventKind) }
            try check(ordinal, event.operationType)
        }
    }

    private func check(status expected: [ExecutionStatus]) throws(RecordError) {
        guard !status.isTerminal else { throw .executionEnded }
        guard expected.contains(status) else { throw .status(status) }
    }

    private func check(_ start: OperationStart) throws(RecordError) {
        guard !status.isTerminal else { throw .executionEnded }
        guard ordinals[start.id] == nil else { throw .operationIDTaken(start.id) }
        guard let parent = start.parent else { return }
        guard parent.rawValue < rows.count, rows[Int(parent.rawValue)].operation.identity.type == .context else {
            throw .parent(parent)
        }
    }

    private func check(_ ordinal: OperationOrdinal, _ type: OperationType) throws(RecordError) {
        guard !status.isTerminal else { throw .executionEnded }
        guard ordinal.rawValue < rows.count else { throw .operationUnknown(ordinal) }
        guard rows[Int(ordinal.rawValue)].operation.identity.type == type else { throw .operationType(ordinal, type) }
        guard !rows[Int(ordinal.rawValue)].operation.status.isTerminal else { throw .operationEnded(ordinal) }
    }
}
