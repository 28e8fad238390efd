import ExecutionModel

extension ExecutionState {
    /// Folds in a recorded event. Never throws and asks for nothing: recovery runs this alone.
    package mutating func apply(_ event: Event, at time: Timestamp) {
        sequence += 1
        lastTime = max(lastTime, time)
        switch event {
        case .executionStarted:
            preconditionFailure("execution \(id) started twice: the log holds what decide refuses")
        case .executionSucceeded(let result):
            end(.succeeded, result: result, error: nil, at: time)
        case .executionFailed(let error):
            end(.failed, result: nil, error: error, at: time)
        case .executionTimedOut(let error):
            end(.timedOut, result: nil, error: error, at: time)
        case .executionStopped(let error):
            end(.stopped, result: nil, error: error, at: time)
        case .executionHeld(let divergence):
            phase = .held(divergence)
        case .invocationStarted(let requestID):
            precondition(!isInFlight, "execution \(id) is invoked while an invocation is in flight")
            invocationCount += 1
            phase = .inFlight(requestID: requestID, since: time)
            checkpointCount = 0
            tokenCheck = CheckpointToken.check(invocation: invocationCount, secret: start.secret)
        case .invocationCompleted(let end):
            applyInvocationEnd(end, at: time)
        case .contextStarted(let operation):
            change(operation, .context, at: time) { _ in }
        case .contextSucceeded(let operation, let result, let replayChildren):
            meter(result, nil)
            change(operation, .context, at: time) {
                Context.succeeded(&$0, result: result, replayChildren: replayChildren, at: time)
            }
        case .contextFailed(let operation, let error):
            meter(nil, error)
            change(operation, .context, at: time) { $0.end(.failed, result: nil, error: error, at: time) }
        case .stepStarted(let operation):
            change(operation, .step, at: time) { Step.started(&$0) }
        case .stepSucceeded(let operation, let result, let delay):
            applyAttempt(operation, result: result, error: nil, isSuccess: true, nextAttemptDelay: delay, at: time)
        case .stepFailed(let operation, let error, let delay):
            applyAttempt(operation, result: nil, error: error, isSuccess: false, nextAttemptDelay: delay, at: time)
        case .stepReady(let operation):
            change(operation, .step, at: time) { Step.ready(&$0) }
        case .waitStarted(let operation, let duration):
            let ordinal = change(operation, .wait, at: time) { Wait.started(&$0, duration: duration, at: time) }
            arm(.wait, ordinal)
        case .waitSucceeded(let operation):
            change(operation, .wait, at: time) { $0.end(.succeeded, result: nil, error: nil, at: time) }
        case .waitCancelled(let operation, let error):
            change(operation, .wait, at: time) { $0.end(.cancelled, result: nil, error: error, at: time) }
        case .callbackStarted(let operation, let timeout, let heartbeatTimeout):
            let ordinal = change(operation, .callback, at: time) {
                Callback.started(&$0, timeout: timeout, heartbeatTimeout: heartbeatTimeout, at: time)
            }
            arm(.callbackTimeout, ordinal)
            arm(.callbackHeartbeat, ordinal)
        case .callbackSucceeded(let operation, let result):
            meter(result, nil)
            change(operation, .callback, at: time) { $0.end(.succeeded, result: result, error: nil, at: time) }
        case .callbackFailed(let operation, let error):
            meter(nil, error)
            change(operation, .callback, at: time) { $0.end(.failed, result: nil, error: error, at: time) }
        case .callbackTimedOut(let operation, let error):
            change(operation, .callback, at: time) { $0.end(.timedOut, result: nil, error: error, at: time) }
        case .callbackHeartbeat(let operation):
            guard case .existing(let ordinal) = operation else { preconditionFailure("a heartbeat starts no callback") }
            // The handler is not told of heartbeats, so this is no change that could wake it.
            Callback.heartbeat(&rows[Int(ordinal.rawValue)], at: time)
        }
        timers.settle(rows)
    }

    private mutating func end(
        _ status: ExecutionStatus, result: Payload?, error: ErrorObject?, at time: Timestamp
    ) {
        precondition(!self.status.isTerminal, "execution \(id) ended twice")
        self.status = status
        self.result = result
        self.error = error
        endTime = time
        meter(result, error)
        rows = []
        ordinals = [:]
        timers = TimerQueue()
        pendingCount = 0
        changes = []
        if !isInFlight { phase = .over }
    }

    private mutating func applyInvocationEnd(_ end: InvocationEnd, at time: Timestamp) {
        precondition(isInFlight, "execution \(id): an invocation ended that had not started")
        switch end {
        case .returned, .ignored:
            phase = .over
        case .suspended(let unseenChanges):
            phase = .suspended(mustWake: unseenChanges)
            failedInvocationCount = 0
            refusedInvocationCount = 0
        case .refused(let error):
            phase = .failed(retryTime: time)
            failedInvocationCount = 0
            refusedInvocationCount += 1
            meter(nil, error)
        case .crashed(let error, let retryDelay):
            phase = .failed(retryTime: time.adding(retryDelay))
            failedInvocationCount += 1
            meteredOperationCount += 1
            meter(nil, error)
        case .diverged(let error):
            // `executionHeld` follows in the same batch, and says where.
            phase = .suspended(mustWake: false)
            meter(nil, error)
        }
    }

    private mutating func applyAttempt(
        _ operation: OperationReference, result: Payload?, error: ErrorObject?, isSuccess: Bool,
        nextAttemptDelay: Milliseconds?, at time: Timestamp
    ) {
        meter(result, error)
        let ordinal = change(operation, .step, at: time) {
            Step.attemptEnded(
                &$0, result: result, error: error, isSuccess: isSuccess, nextAttemptDelay: nextAttemptDelay, at: time)
        }
        if nextAttemptDelay != nil {
            meteredOperationCount += 1
            arm(.stepRetry, ordinal)
        }
    }

    /// Changes the operation's row, which an operation's first event makes, and keeps what depends on it.
    @discardableResult
    private mutating func change(
        _ operation: OperationReference, _ type: OperationType, at time: Timestamp, _ body: (inout OperationRow) -> Void
    ) -> OperationOrdinal {
        let ordinal: OperationOrdinal
        switch operation {
        case .existing(let existing):
            ordinal = existing
            precondition(Int(ordinal.rawValue) < rows.count, "execution \(id) has no operation \(ordinal.rawValue)")
        case .first(let start):
            ordinal = OperationOrdinal(UInt32(rows.count))
            rows.append(makeRow(start, type, ordinal, at: time))
            operationCount += 1
            ordinals[start.id] = ordinal
            meteredOperationCount += 1
            if rows[rows.count - 1].isPending { pendingCount += 1 }
        }
        let index = Int(ordinal.rawValue)
        precondition(
            rows[index].operation.identity.type == type, "operation \(ordinal.rawValue) of \(id) is no \(type)")
        precondition(!rows[index].operation.status.isTerminal, "operation \(ordinal.rawValue) of \(id) ended twice")
        let wasPending = rows[index].isPending
        body(&rows[index])
        if wasPending != rows[index].isPending { pendingCount += wasPending ? -1 : 1 }
        if !rows[index].isChanged {
            rows[index].isChanged = true
            changes.append(ordinal)
        }
        // What changes while no handler runs was done by the service: the handler must hear of it.
        if case .suspended = phase { phase = .suspended(mustWake: true) }
        return ordinal
    }

    private func makeRow(
        _ start: OperationStart, _ type: OperationType, _ ordinal: OperationOrdinal, at time: Timestamp
    ) -> OperationRow {
        let details: Operation.Details
        switch type {
        case .context: details = .context(replayChildren: false)
        case .step: details = .step(attempt: 0, nextAttemptTime: nil)
        case .wait: details = .wait(scheduledEndTime: time)
        case .callback: details = .callback(callbackID: callbackID(ordinal))
        case .execution, .chainedInvoke: preconditionFailure("no event starts a row of type \(type)")
        }
        let parentID = start.parent.map { rows[Int($0.rawValue)].operation.identity.id }
        let identity = OperationIdentity(
            id: start.id, parentID: parentID, type: type, subType: start.subType, name: start.name)
        return OperationRow(
            operation: Operation(identity: identity, status: .started, startTime: time, details: details),
            parent: start.parent)
    }

    private mutating func arm(_ kind: Timer.Kind, _ ordinal: OperationOrdinal) {
        guard let due = rows[Int(ordinal.rawValue)].due(kind) else { return }
        timers.add(Timer(due: due, ordinal: ordinal, kind: kind))
    }

    private mutating func meter(_ payload: Payload?, _ error: ErrorObject?) {
        meteredByteCount += (payload?.length ?? 0) + (error?.byteCount ?? 0)
    }
}
