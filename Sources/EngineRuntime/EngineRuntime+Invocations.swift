import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Records how an invocation ended and gives back its slot.
    func end(of task: InvocationTask, _ outcome: InvocationOutcome?) async {
        defer { endActivity() }
        do throws(RuntimeError) {
            if case .pending = outcome {
                // Nobody waits to hear of a suspension, so it costs no sync.
                try await post(byteCount: roomFor(payloads: 0)) { core, turn throws(RuntimeError) in
                    core.end(of: task, outcome, in: &turn)
                }
            } else {
                let payloads = outcome?.byteCount(options.limits) ?? 0
                try await submit(byteCount: room(records: 2, payloads: payloads), .completion) {
                    core, turn throws(RuntimeError) in
                    core.end(of: task, outcome, in: &turn)
                }
            }
        } catch {
            let isPostponed = core.withLock { core in
                guard case .log(.noRoom) = error, core.postpone(task, outcome) else {
                    // The log failed or the engine closed: the invocation stays in flight in the record, and recovery
                    // ends it.
                    core.forget(task)
                    return false
                }
                return true
            }
            if isPostponed { timerLoop.wake() }
        }
        noteIdleInvocations()
    }
}

extension EngineRuntime {
    /// Ends the invocation of an execution that is in flight as if its time were up: what a test does to a handler.
    package func timeOutInvocation(of number: ExecutionNumber) async throws(RuntimeError) {
        try await submit(byteCount: Self.timerByteCount, .completion) { core, turn throws(RuntimeError) in
            guard core.acceptsCommands else { throw core.refusal }
            core.timeOut(number, in: &turn)
        }
        noteIdleInvocations()
    }

    /// Ends an execution that is not in flight as if its handler had run: what a test says in place of a function that it
    /// has not got.
    package func end(_ id: ExecutionID, as outcome: InvocationOutcome) async throws(RuntimeError) {
        let length = outcome.byteCount(options.limits)
        try await submit(byteCount: room(records: 4, payloads: length), .completion) {
            core, turn throws(RuntimeError) in
            guard core.acceptsCommands else { throw core.refusal }
            let limits = core.engine.limits
            let requestID = core.random.bits()
            let readiness = core.engine.update(id.number) { $0.readiness(at: turn.now) }
            guard let readiness, readiness == .runnable || readiness == .waiting else {
                throw .unknownExecution(id.number)
            }
            core.record([.invocationStarted(requestID: requestID)], of: id.number, in: &turn)
            let decision = core.engine.update(id.number) { state in
                state.decideInvocationEnd(
                    invocation: state.invocationCount, outcome, limits: limits, at: turn.now)
            }
            if let decision { core.record(decision, of: id.number, in: &turn) }
        }
    }
}

extension Core {
    mutating func end(of task: InvocationTask, _ outcome: InvocationOutcome?, in turn: inout Turn) {
        // After a timeout the slot is another's, and the engine has recorded the end already.
        guard invocations[task.execution] === task else { return }
        forget(task)
        // The engine is closing: nothing its cancellation made of the handler is recorded.
        guard acceptsCommands else { return }
        let limits = engine.limits
        let isHeard = engine.update(task.execution) { $0.currentToken != nil } ?? false
        // An execution that was stopped or timed out had its invocation cancelled, and a pause has taken back its token:
        // silence is what was asked for.
        var outcome = outcome ?? (isHeard ? Self.abandoned : .pending)
        // It may have been called before it was known as a plain function.
        if case .crashed(let error) = outcome, scheduler.registration(of: task.function)?.isPlain ?? false {
            outcome = .failed(error)
        }
        let decision = engine.update(task.execution) {
            $0.decideInvocationEnd(invocation: task.invocation, outcome, limits: limits, at: turn.now)
        }
        guard let decision else { preconditionFailure("execution \(task.execution.rawValue) ended and is gone") }
        record(decision, of: task.execution, in: &turn)
        dropIfPlain(task.execution, in: &turn)
        if !turn.touched.contains(task.execution) { turn.touched.append(task.execution) }
        let isHeld = engine.update(task.execution) { $0.hold != nil } ?? false
        if isHeld, task.registrationCount != scheduler.registrationCount(of: task.function) {
            // Registered anew while the old code ran: the new code has not had its try.
            retryHeld(task.execution, of: task.function)
        }
    }

    /// The call of a plain function that ended before its handler did, and whose caller has been told.
    private mutating func dropIfPlain(_ number: ExecutionNumber, in turn: inout Turn) {
        guard let state = engine.execution(number), state.start.isPlain, state.status.isTerminal, !isOwed(number)
        else { return }
        record([.executionDeleted], of: number, in: &turn)
    }

    /// What the record says of an invocation that gave no outcome although nothing had cancelled it.
    private static let abandoned = InvocationOutcome.crashed(
        ErrorObject(message: "The invocation ended without an outcome.", type: "Runtime.ExitError"))

    /// Takes an invocation off the books without recording anything.
    mutating func forget(_ task: InvocationTask) {
        guard invocations[task.execution] === task else { return }
        invocations[task.execution] = nil
        unrecordedEnds.removeValue(forKey: task.execution)
        lastCheckpoints[task.execution] = nil
        _ = deadlines.arm(task.execution, at: nil)
        scheduler.release(task.function)
    }

    /// Keeps the end of an invocation until a full disk has room for it: forgotten, its execution would stay in flight
    /// until the next opening.
    /// - Returns: False: it is the engine's no longer.
    mutating func postpone(_ task: InvocationTask, _ outcome: InvocationOutcome?) -> Bool {
        guard acceptsCommands, invocations[task.execution] === task else { return false }
        unrecordedEnds.updateValue(outcome, forKey: task.execution)
        _ = deadlines.arm(task.execution, at: lastTime.adding(Self.roomRetryDelay))
        return true
    }

    static let roomRetryDelay = Milliseconds(1_000)

    /// Ends an invocation that took too long: a crash for the record, a cancellation for its task. One that has ended, and
    /// waits for room in the log, is not late: its end is tried again.
    mutating func timeOut(_ number: ExecutionNumber, in turn: inout Turn) {
        guard let task = invocations[number] else { return }
        if let outcome = unrecordedEnds.removeValue(forKey: number) {
            turn.releases.append(.end(task, outcome))
            return
        }
        turn.releases.append(.cancel(task))
        let time = task.timeout.map { " after \($0.seconds)" } ?? ""
        // As on AWS, where a durable function's record has no type for it, and a plain function's has the sandbox's.
        let isPlain = engine.update(number) { $0.start.isPlain } ?? false
        let error = ErrorObject(message: "Function timed out\(time)", type: isPlain ? "Sandbox.Timedout" : nil)
        end(of: task, .crashed(error), in: &turn)
    }
}

extension InvocationOutcome {
    /// Bytes of what is recorded of it, or more. A result over the limit is not recorded, an error over it is cut; one that
    /// ends the execution is recorded of the invocation and of the execution.
    func byteCount(_ limits: Limits) -> Int {
        switch self {
        case .succeeded(let result): min(result?.count ?? 0, limits.payloadLengthMax)
        case .failed(let error): 2 * min(error?.byteCount ?? 0, limits.errorLengthMax)
        case .crashed(let error): 2 * min(error.byteCount, limits.errorLengthMax)
        // Two operations, and a message with both of their names.
        case .held: 4 * Limits.updateOverhead
        case .pending, .interrupted: 0
        }
    }
}
