import ExecutionEngine
import ExecutionModel
import LogStorage

/// What one hold of the lock has come to: the events to enqueue, and what to release once they are durable.
struct Turn {
    let now: Timestamp
    var batch = RecordBatch()
    /// Where the log stood when the turn began.
    let firstLSN: LSN
    var touched: [ExecutionNumber] = []
    var releases: [Release] = []
    /// How many invocations may start in the turn. Few ride along with a command, since it has reserved room for few;
    /// the rest follows in a turn that has room for ``Core/launchesPerTurn``.
    var launchLimit = Turn.launchesAlongside
    /// What must be durable before even a reply that does not wait for the turn's own events. Nil: nothing.
    var replyLSN: LSN?

    /// Something that may happen only when the turn's events are durable.
    enum Release {
        /// Run the handler, or go on with the one that was parked.
        case launch(InvocationTask, Invocation, FunctionRegistration, (any ParkedHandler)?)
        case cancel(InvocationTask)
        /// Ask the log again for room for the end of an invocation.
        case end(InvocationTask, InvocationOutcome?)
        case wake([EndWaiter], ExecutionSummary)
        /// Tell an invocation in flight that something has changed.
        case news(InvocationTask, InvocationNews.Kind)
        /// Give up the handler that an ended execution has left parked.
        case dropParked(ExecutionNumber)
        /// Complete the chained invoke that started this execution.
        case completeParent(ExecutionNumber)
    }

    init(now: Timestamp, firstLSN: LSN) {
        self.now = now
        self.firstLSN = firstLSN
    }

    static let launchesAlongside = 1

    /// The LSN that the turn's next event gets.
    var nextLSN: LSN { firstLSN.advanced(by: batch.entries.count) }
}

extension Core {
    /// Applies `events` and adds them to the turn, in that order, so that memory and log agree.
    mutating func record(_ events: [Event], of execution: ExecutionNumber, in turn: inout Turn) {
        guard !events.isEmpty else { return }
        if turn.touched.last != execution { turn.touched.append(execution) }
        for event in events {
            let sequence = engine.apply(event, to: execution, at: turn.now)
            switch event {
            case .executionDeleted, .retentionTrimmed:
                forgetTimers(of: execution)
                dropped[execution] = turn.nextLSN
            default: break
            }
            turn.batch.append(
                execution: execution.rawValue, sequence: sequence, kind: event.kind,
                time: turn.now.millisecondsSinceEpoch
            ) { event.encodeBody(into: &$0) }
        }
    }

    mutating func record<Reply>(
        _ decision: Decision<Reply>, of execution: ExecutionNumber, in turn: inout Turn
    ) {
        for child in decision.children {
            precondition(
                child.number.rawValue == turn.nextLSN.rawValue, "an execution starts at another LSN than its number")
            record([.executionStarted(child.start)], of: child.number, in: &turn)
        }
        record(decision.events, of: execution, in: &turn)
        for effect in decision.effects {
            switch effect {
            case .cancelInvocation:
                if let task = invocations[execution] { turn.releases.append(.cancel(task)) }
            case .executionEnded:
                noteEnd(of: execution, in: &turn)
            }
        }
    }

    /// The execution is gone, and no timer may ask for it.
    private mutating func forgetTimers(of execution: ExecutionNumber) {
        _ = timers.arm(execution, at: nil)
        _ = owedToParents.arm(execution, at: nil)
        toldParents.remove(execution)
        indexed[execution] = nil
    }

    /// Whoever waits for an execution's end is told; what was kept for it to go on with is given up.
    private mutating func noteEnd(of execution: ExecutionNumber, in turn: inout Turn) {
        if let function = engine.update(execution, { FunctionKey($0.start) }) {
            scheduler.withdraw(execution, of: function)
        }
        if let waiters = endWaiters.removeValue(forKey: execution), let summary = summary(of: execution) {
            turn.releases.append(.wake(waiters.inOrder, summary))
        }
        turn.releases.append(.dropParked(execution))
        retriesOfHeld.remove(execution)
        if engine.update(execution, { $0.start.parent != nil }) ?? false {
            turn.releases.append(.completeParent(execution))
        }
    }

    /// Derives from the state what the turn's events made due: timers to arm, invocations to start.
    /// - Returns: Whether the timer loop must look at the clock again.
    mutating func settle(_ turn: inout Turn, runtime: EngineRuntime) -> Bool {
        var timersMoved = false
        for number in turn.touched {
            timersMoved = derive(number, in: &turn) || timersMoved
        }
        guard case .running = phase else { return timersMoved }
        // More than these follow in a turn of their own.
        for _ in 0..<turn.launchLimit {
            guard let (number, registration) = scheduler.next() else { return timersMoved }
            timersMoved = launch(number, registration, in: &turn, runtime: runtime) || timersMoved
        }
        if scheduler.hasNext { runtime.pumpLater() }
        return timersMoved
    }

    static let launchesPerTurn = 64

    /// Arms the execution's timer, queues it if it can run, and tells its invocation in flight what it does not know.
    private mutating func derive(_ number: ExecutionNumber, in turn: inout Turn) -> Bool {
        let derived = engine.update(number) { state in
            let readiness = state.readiness(at: turn.now)
            let isCandidate = readiness == .runnable || readiness == .held
            return (
                readiness: readiness,
                // A back-off that is over would be due at once, again and again, for as long as there is no slot.
                due: readiness == .runnable ? state.nextEventDue : state.nextDue,
                function: isCandidate ? FunctionKey(state.start) : nil, news: state.news
            )
        }
        guard let derived else { return timers.arm(number, at: nil) }
        if let function = derived.function, derived.readiness == .runnable || retriesOfHeld.contains(number) {
            scheduler.offer(number, of: function)
        }
        if let news = derived.news, let task = invocations[number] { turn.releases.append(.news(task, news)) }
        return timers.arm(number, at: derived.due)
    }

    private mutating func launch(
        _ number: ExecutionNumber, _ registration: FunctionRegistration, in turn: inout Turn, runtime: EngineRuntime
    ) -> Bool {
        let readiness = engine.update(number) { $0.readiness(at: turn.now) }
        // One that is paused has its try when it is resumed.
        let isRetryOfHeld = readiness != .paused && retriesOfHeld.remove(number) != nil
        guard readiness == .runnable || (readiness == .held && isRetryOfHeld) else {
            // Stopped, timed out, paused or held while it waited.
            scheduler.release(registration.key)
            return false
        }
        let requestID = random.bits()
        guard
            let decision = engine.update(
                number, { $0.decideInvocationStart(requestID: requestID, at: turn.now) })
        else { preconditionFailure("execution \(number.rawValue) was ready and is gone") }
        record(decision, of: number, in: &turn)
        let registrationCount = scheduler.registrationCount(of: registration.key)
        let task = InvocationTask(
            execution: number, invocation: engine.update(number) { $0.invocationCount } ?? 0,
            function: registration.key, registrationCount: registrationCount, timeout: registration.invocationTimeout)
        let parked = runtime.parkedHandlers?.claim(number, registrationCount: registrationCount)
        let invocation = engine.update(number) { state in
            let updated = state.unseenOperationIDs
            let operations = parked == nil ? state.deliverAll() : state.deliverNews()
            guard let token = state.currentToken else {
                preconditionFailure("an invocation started and has no checkpoint token")
            }
            return Invocation(
                execution: state.id, start: state.start, startTime: state.startTime, number: token.invocation,
                requestID: requestID, invocationTime: turn.now, token: token, operations: operations,
                updatedOperationIDs: updated, registrationCount: registrationCount, news: task.news, runtime: runtime)
        }
        guard let invocation else { preconditionFailure("execution \(number.rawValue) started and is gone") }
        invocations[number] = task
        turn.releases.append(.launch(task, invocation, registration, parked))
        runtime.beginActivity()
        let deadline = registration.invocationTimeout.map { turn.now.adding($0) }
        let movedDeadline = deadlines.arm(number, at: deadline)
        return timers.arm(number, at: engine.update(number) { $0.nextDue } ?? nil) || movedDeadline
    }
}

extension ExecutionState {
    /// What an invocation in flight has not been told yet.
    fileprivate var news: InvocationNews.Kind? {
        guard isInFlight, hasUnseenChanges else { return nil }
        // A handler that is about to be paused is not made to ask: its next checkpoint is its last.
        return hasUnseenCancelRequest && status == .running ? .cancelRequested : .operationChanged
    }
}
