import ExecutionModel

extension ExecutionState {
    /// Folds in a recorded event. Never throws and asks for nothing: recovery runs this alone.
    package mutating func apply(_ event: Event, at time: Timestamp) {
        sequence += 1
        lastTime = max(lastTime, time)
        if !status.isTerminal, !event.eventKind.isInternal { lastEventID += 1 }
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
        case .executionPauseRequested, .executionPauseCancelled, .executionPaused, .executionResumed:
            applyPause(event, at: time)
        case .executionCancelRequested(let reason):
            cancelRequest = CancelRequest(time: time, reason: reason)
            isExecutionRowChanged = true
            changeSequence = sequence
            wake()
        case .executionDeleted, .retentionTrimmed:
            preconditionFailure("\(id) is dropped by whoever holds it")
        case .historyTrimmed, .retentionHeld, .retentionReleased:
            applyRetention(event, at: time)
        case .invocationStarted(let requestID):
            precondition(!isInFlight, "execution \(id) is invoked while an invocation is in flight")
            invocationCount += 1
            phase = .inFlight(requestID: requestID, since: time)
            checkpointCount = 0
            isTokenRevoked = false
            tokenCheck = CheckpointToken.check(invocation: invocationCount, secret: start.secret)
        case .invocationCompleted(let end):
            applyInvocationEnd(end, at: time)
        case .contextStarted(let operation):
            change(operation, .context, at: time) { _ in }
        case .contextSucceeded(let operation, let result, let replayChildren):
            meter(result, nil)
            let ordinal = change(operation, .context, at: time) {
                Context.succeeded(&$0, result: result, replayChildren: replayChildren, at: time)
            }
            if !replayChildren { hideChildren(of: ordinal) }
        case .contextFailed(let operation, let error):
            meter(nil, error)
            hideChildren(
                of: change(operation, .context, at: time) { $0.end(.failed, result: nil, error: error, at: time) })
        case .stepStarted(let operation):
            change(operation, .step, at: time) { Step.started(&$0) }
        case .stepSucceeded(let operation, let result, let delay):
            applyAttempt(operation, result: result, error: nil, isSuccess: true, nextAttemptDelay: delay, at: time)
        case .stepFailed(let operation, let error, let delay):
            applyAttempt(operation, result: nil, error: error, isSuccess: false, nextAttemptDelay: delay, at: time)
        case .stepReady(let operation):
            change(operation, .step, by: .service, at: time) { Step.ready(&$0) }
        case .waitStarted(let operation, let duration):
            let ordinal = change(operation, .wait, at: time) { Wait.started(&$0, duration: duration, at: time) }
            arm(.wait, ordinal)
        case .waitSucceeded(let operation):
            change(operation, .wait, by: .service, at: time) { $0.end(.succeeded, result: nil, error: nil, at: time) }
        case .waitCancelled(let operation, let error):
            change(operation, .wait, at: time) { $0.end(.cancelled, result: nil, error: error, at: time) }
        case .callbackStarted(let operation, let timeout, let heartbeatTimeout):
            let ordinal = change(operation, .callback, at: time) {
                Callback.started(&$0, timeout: timeout, heartbeatTimeout: heartbeatTimeout, at: time)
            }
            arm(.callbackTimeout, ordinal)
            arm(.callbackHeartbeat, ordinal)
        case .callbackSucceeded(let operation, let result):
            close(operation, .callback, .succeeded, result: result, at: time)
        case .callbackFailed(let operation, let error):
            close(operation, .callback, .failed, error: error, at: time)
        case .callbackTimedOut(let operation, let error):
            close(operation, .callback, .timedOut, error: error, at: time)
        case .callbackHeartbeat(let operation):
            guard case .existing(let ordinal) = operation else { preconditionFailure("a heartbeat starts no callback") }
            // The handler is not told of heartbeats, so this is no change that could wake it.
            Callback.heartbeat(&rows[Int(ordinal.rawValue)], at: time)
        case .chainedInvokeStarted(let operation, let start):
            meter(start.input, nil)
            change(operation, .chainedInvoke, at: time) {
                $0.operation.details = .chainedInvoke(child: start.target?.child)
            }
        case .chainedInvokeSucceeded(let operation, let result):
            close(operation, .chainedInvoke, .succeeded, result: result, at: time)
        case .chainedInvokeFailed(let operation, let error):
            close(operation, .chainedInvoke, .failed, error: error, at: time)
        case .chainedInvokeTimedOut(let operation, let error):
            close(operation, .chainedInvoke, .timedOut, error: error, at: time)
        case .chainedInvokeStopped(let operation, let error):
            close(operation, .chainedInvoke, .stopped, error: error, at: time)
        }
        timers.settle(rows)
    }

    /// Ends an operation by what the world outside says of it.
    private mutating func close(
        _ operation: OperationReference, _ type: OperationType, _ status: OperationStatus, result: Payload? = nil,
        error: ErrorObject? = nil, at time: Timestamp
    ) {
        meter(result, error)
        change(operation, type, by: .service, at: time) { $0.end(status, result: result, error: error, at: time) }
    }

    private mutating func applyPause(_ event: Event, at time: Timestamp) {
        switch event {
        case .executionPauseRequested(let request):
            pause = Pause(request: request, requestTime: time)
            status = .pausing
        case .executionPauseCancelled:
            pause = nil
            status = .running
        case .executionPaused:
            pause?.since = time
            status = .paused
            isTokenRevoked = isInFlight
        case .executionResumed:
            if let pause, pause.request.pausesTimeout, let since = pause.since {
                let (sum, isTooLong) = timeoutExtension.rawValue.addingReportingOverflow(time.since(since).rawValue)
                timeoutExtension = Milliseconds(isTooLong ? .max : sum)
            }
            pause = nil
            status = .running
        default:
            preconditionFailure("\(event.eventKind) is about no pause")
        }
    }

    /// What changes while no handler runs was done from outside: the handler must hear of it.
    private mutating func wake() {
        if case .suspended = phase { phase = .suspended(mustWake: true) }
    }

    private mutating func end(
        _ status: ExecutionStatus, result: Payload?, error: ErrorObject?, at time: Timestamp
    ) {
        precondition(!self.status.isTerminal, "execution \(id) ended twice")
        self.status = status
        endSequence = sequence
        self.result = result
        self.error = error
        endTime = time
        meter(result, error)
        rows = []
        ordinals = [:]
        timers = TimerQueue()
        awaitedCount = 0
        changes = []
        isExecutionRowChanged = false
        pause = nil
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
            // A recovery that folds in the record has told nobody of anything.
            guard !unseenChanges else { return }
            clearChanges()
            toldSequence = sequence
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
        _ operation: OperationReference, _ type: OperationType, by actor: Actor = .handler, at time: Timestamp,
        _ body: (inout OperationRow) -> Void
    ) -> OperationOrdinal {
        let ordinal: OperationOrdinal
        switch operation {
        case .existing(let existing):
            ordinal = existing
            precondition(Int(ordinal.rawValue) < rows.count, "execution \(id) has no operation \(ordinal.rawValue)")
        case .first(let start):
            ordinal = OperationOrdinal(UInt32(rows.count))
            rows.append(makeRow(start, type, ordinal, at: time))
            if let parent = start.parent { rows[Int(parent.rawValue)].lastChild = ordinal }
            operationCount += 1
            ordinals[start.id] = ordinal
            meteredOperationCount += 1
            if rows[rows.count - 1].isAwaited { awaitedCount += 1 }
        }
        let index = Int(ordinal.rawValue)
        precondition(
            rows[index].operation.identity.type == type, "operation \(ordinal.rawValue) of \(id) is no \(type)")
        precondition(!rows[index].operation.status.isTerminal, "operation \(ordinal.rawValue) of \(id) ended twice")
        let wasAwaited = rows[index].isAwaited
        body(&rows[index])
        if wasAwaited != rows[index].isAwaited { awaitedCount += wasAwaited ? -1 : 1 }
        if rows[index].isHidden {
            rows[index].hide()
            // No handler waits for it any more: it is no reason to run one.
            if actor == .service { return ordinal }
        }
        rows[index].changeSequence = sequence
        if !rows[index].isChanged {
            rows[index].isChanged = true
            changes.append(ordinal)
        }
        wake()
        return ordinal
    }

    /// Who has made an operation change.
    private enum Actor {
        case handler
        /// Time, or somebody outside.
        case service
    }

    /// Hides everything below a context that will not be replayed. What lies in a context below that has hidden its own is
    /// hidden already, so each row is hidden once, and all of them together in O(n).
    private mutating func hideChildren(of context: OperationOrdinal) {
        var next = rows[Int(context.rawValue)].lastChild
        while let child = next {
            let index = Int(child.rawValue)
            if !rows[index].isHidden {
                let hidItsOwn = rows[index].operation.isClosedForReplay
                if rows[index].isAwaited { awaitedCount -= 1 }
                rows[index].hide()
                if !hidItsOwn { hideChildren(of: child) }
            }
            next = rows[index].previousSibling
        }
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
        case .chainedInvoke: details = .chainedInvoke(child: nil)
        case .execution: preconditionFailure("no event starts a row of type \(type)")
        }
        let parent = start.parent.map { Int($0.rawValue) }
        let identity = OperationIdentity(
            id: start.id, parentID: parent.map { rows[$0].operation.identity.id }, type: type,
            subType: start.subType, name: start.name)
        var row = OperationRow(
            operation: Operation(identity: identity, status: .started, startTime: time, details: details),
            parent: start.parent)
        if let parent {
            row.previousSibling = rows[parent].lastChild
            row.isHidden = rows[parent].isHidden || rows[parent].operation.isClosedForReplay
        }
        return row
    }

    private mutating func arm(_ kind: Timer.Kind, _ ordinal: OperationOrdinal) {
        guard let due = rows[Int(ordinal.rawValue)].due(kind) else { return }
        timers.add(Timer(due: due, ordinal: ordinal, kind: kind))
    }

    private mutating func meter(_ payload: Payload?, _ error: ErrorObject?) {
        meteredByteCount += (payload?.length ?? 0) + (error?.byteCount ?? 0)
    }
}
