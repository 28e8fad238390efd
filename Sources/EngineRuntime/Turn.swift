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
        case launch(InvocationTask, Invocation, FunctionRegistration)
        case cancel(InvocationTask)
        /// Ask the log again for room for the end of an invocation.
        case end(InvocationTask, InvocationOutcome?)
        case wake([EndWaiter], ExecutionSummary)
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
            engine.apply(event, to: execution, at: turn.now)
            guard let sequence = engine.update(execution, { $0.sequence }) else {
                preconditionFailure("an event was decided for execution \(execution.rawValue), which does not exist")
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
        record(decision.events, of: execution, in: &turn)
        for effect in decision.effects {
            switch effect {
            case .cancelInvocation:
                if let task = invocations[execution] { turn.releases.append(.cancel(task)) }
            case .executionEnded:
                guard let waiters = endWaiters.removeValue(forKey: execution) else { continue }
                if let summary = summary(of: execution) {
                    turn.releases.append(.wake(Array(waiters.values), summary))
                }
            }
        }
    }

    /// Derives from the state what the turn's events made due: timers to arm, invocations to start.
    /// - Returns: Whether the timer loop must look at the clock again.
    mutating func settle(_ turn: inout Turn, runtime: EngineRuntime) -> Bool {
        var timersMoved = false
        for number in turn.touched {
            timersMoved = derive(number, at: turn.now) || timersMoved
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

    /// Arms the execution's timer and queues it if it can run.
    mutating func derive(_ number: ExecutionNumber, at now: Timestamp) -> Bool {
        let derived = engine.update(number) { state in
            let isRunnable = state.readiness(at: now) == .runnable
            // A back-off that is over would be due at once, again and again, for as long as there is no slot.
            return (isRunnable, isRunnable ? state.nextEventDue : state.nextDue, state.start.function)
        }
        guard let (isRunnable, due, function) = derived else { return false }
        if isRunnable { scheduler.offer(number, of: function) }
        return timers.arm(number, at: due)
    }

    private mutating func launch(
        _ number: ExecutionNumber, _ registration: FunctionRegistration, in turn: inout Turn, runtime: EngineRuntime
    ) -> Bool {
        let readiness = engine.update(number) { $0.readiness(at: turn.now) }
        let isRetryOfHeld = retriesOfHeld.remove(number) != nil
        guard readiness == .runnable || (readiness == .held && isRetryOfHeld) else {
            // Stopped, timed out or held while it waited.
            scheduler.release(registration.name)
            return false
        }
        let requestID = random.bits()
        guard
            let decision = engine.update(
                number, { $0.decideInvocationStart(requestID: requestID, at: turn.now) })
        else { preconditionFailure("execution \(number.rawValue) was ready and is gone") }
        record(decision, of: number, in: &turn)
        let invocation = engine.update(number) { state in
            let operations = state.deliverAll()
            guard let token = state.currentToken else {
                preconditionFailure("an invocation started and has no checkpoint token")
            }
            return Invocation(
                execution: state.id, function: state.start.function, version: state.start.version,
                name: state.start.name, number: token.invocation, requestID: requestID, startTime: turn.now,
                token: token, operations: operations, runtime: runtime)
        }
        guard let invocation else { preconditionFailure("execution \(number.rawValue) started and is gone") }
        let task = InvocationTask(
            execution: number, invocation: invocation.number, function: registration.name,
            registrationCount: scheduler.registrationCount(of: registration.name),
            timeout: registration.invocationTimeout)
        invocations[number] = task
        turn.releases.append(.launch(task, invocation, registration))
        runtime.beginActivity()
        let deadline = registration.invocationTimeout.map { turn.now.adding($0) }
        let movedDeadline = deadlines.arm(number, at: deadline)
        return timers.arm(number, at: engine.update(number) { $0.nextDue } ?? nil) || movedDeadline
    }
}
