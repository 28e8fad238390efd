import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Starts an execution, or finds the one that has this name already.
    ///
    /// - Parameters:
    ///   - function: Its version is pinned: the execution runs under no other.
    ///   - name: Unique among the function's executions, 1 to 64 characters of `[a-zA-Z0-9-_]`. Nil: one is made up.
    ///   - timeout: Of the whole execution. Nil: the function's.
    ///   - tenantID: Whose data it works on.
    ///   - traceHeader: The trace that it is part of.
    /// - Returns: Its id, and whether this call started it.
    /// - Throws: ``RuntimeError/refused(_:)`` with `DurableExecutionAlreadyStartedException` when the name is taken by
    ///   another input; ``RuntimeError/unknownFunction(_:)``; ``RuntimeError/log(_:)`` when the disk is full or failed.
    package func start(
        function: FunctionKey, name: String? = nil, input: [UInt8]?, timeout: Milliseconds? = nil,
        tenantID: String? = nil, traceHeader: String? = nil
    ) async throws(RuntimeError) -> StartReply {
        try await about(name: name, of: function.name) { () async throws(RuntimeError) in
            try await comparingInputs { existing async throws(RuntimeError) in
                try await attemptStart(
                    function, name, input, timeout: timeout, tenantID: tenantID, traceHeader: traceHeader,
                    comparing: existing)
            }
        }
    }

    private func attemptStart(
        _ function: FunctionKey, _ name: String?, _ input: [UInt8]?, timeout: Milliseconds?, tenantID: String?,
        traceHeader: String?, comparing existing: LoadedPayload?
    ) async throws(RuntimeError) -> StartAttempt {
        let length = (input?.count ?? 0) + (tenantID?.utf8.count ?? 0) + (traceHeader?.utf8.count ?? 0)
        return try await submit(byteCount: roomFor(payloads: length), .new) { core, turn throws(RuntimeError) in
            guard case .running = core.phase else { throw core.refusal }
            guard let registration = core.scheduler.registration(of: function) else {
                throw .unknownFunction(function)
            }
            let number = ExecutionNumber(turn.nextLSN.rawValue)
            let secret = core.random.bits()
            let request = ExecutionStart(
                secret: secret, function: function.name, version: function.version,
                name: name ?? ExecutionID(number: number, secret: secret).description,
                input: input.map { .inline($0) }, timeout: timeout ?? registration.executionTimeout,
                retention: registration.retention, tenantID: tenantID, traceHeader: traceHeader)
            if let payload = core.engine.inputToCompare(with: request), payload != existing?.payload,
                let holder = core.engine.number(function: function.name, name: request.name)
            {
                return .needs(payload, of: holder)
            }
            let decision = try refusing { () throws(EngineError) in
                try core.engine.decideStart(
                    request, number: number, at: turn.now, existingInput: existing?.bytes)
            }
            core.record(decision, of: number, in: &turn)
            return .done(decision.reply)
        }
    }

    /// Applies an invocation's updates, all or none.
    ///
    /// - Parameters:
    ///   - clientToken: A name that the client gives the call, so that the same call made again, its reply lost, gets the
    ///     same reply and changes nothing: within 15 minutes, and while no other checkpoint has followed it.
    ///   - forced: False for updates that nobody waits for: the call returns without waiting for the disk, and the events
    ///     ride in the next forced frame, or are written within 2 ms. They survive the process's death at once after that
    ///     write, the machine's only after the next sync.
    /// - Returns: The next token, and the rows that changed since the handler last saw them.
    package func checkpoint(
        _ token: CheckpointToken, _ updates: [OperationUpdate], clientToken: String? = nil, forced: Bool = true
    ) async throws(RuntimeError) -> CheckpointReply {
        try await checkpoint(token.execution, updates, forced: forced) { core, turn throws(RuntimeError) in
            try core.checkpoint(token, updates, clientToken: clientToken, in: &turn)
        }
    }

    /// Applies the updates of an invocation in this process, with whatever token is its next: several checkpoints may be
    /// asked for at once, and are on their way to the disk together.
    package func checkpoint(
        _ session: CheckpointSession, _ updates: [OperationUpdate], forced: Bool = true
    ) async throws(RuntimeError) -> CheckpointReply {
        try await checkpoint(session.execution, updates, forced: forced) { core, turn throws(RuntimeError) in
            guard let token = session.token else { throw .refused(.invalidCheckpointToken) }
            let reply = try core.checkpoint(token, updates, clientToken: nil, in: &turn)
            session.go(on: reply)
            return reply
        }
    }

    private func checkpoint(
        _ execution: ExecutionNumber, _ updates: [OperationUpdate], forced: Bool,
        _ body: (inout Core, inout Turn) throws(RuntimeError) -> CheckpointReply
    ) async throws(RuntimeError) -> CheckpointReply {
        // What is due by then is recorded with it.
        let due = Limits.dueEventsPerCheckpoint
        let byteCount =
            roomFor(records: updates.count, payloads: recordedLength(of: updates, execution))
            + log.room(forRecords: due, bodyBytes: due * Limits.dueEventLengthMax)
        if forced { return try await withInput(in: submit(byteCount: byteCount, .completion, body), of: execution) }
        return try await withInput(in: post(byteCount: byteCount, body), of: execution)
    }

    /// Completes a callback, or resets its heartbeat timer, from outside the execution.
    package func complete(
        _ callback: CallbackID, _ command: CallbackCommand
    ) async throws(RuntimeError) {
        let payloadLength =
            switch command {
            case .succeed(let result): result?.count ?? 0
            case .fail(let error): error?.byteCount ?? 0
            case .heartbeat: 0
            }
        let number = callback.execution
        try await about(number) { () async throws(RuntimeError) in
            try await submit(byteCount: roomFor(payloads: payloadLength), .completion) {
                core, turn throws(RuntimeError) in
                guard core.acceptsCommands else { throw core.refusal }
                let limits = core.engine.limits
                let decision = try core.deciding(number, orThrow: .refused(.callbackNotFound)) {
                    state throws(EngineError) in
                    try state.decideCallback(callback, command, limits: limits, at: turn.now)
                }
                core.record(decision, of: number, in: &turn)
            }
        }
    }

    /// Lets nothing of an execution's handler run until it is resumed; what it waits for goes on.
    package func pause(_ id: ExecutionID, _ request: PauseRequest) async throws(RuntimeError) {
        try await command(id, length: request.reason?.utf8.count ?? 0) { state, _ throws(EngineError) in
            try state.decidePause(request)
        }
    }

    package func resume(_ id: ExecutionID, reason: String? = nil) async throws(RuntimeError) {
        try await command(id, length: reason?.utf8.count ?? 0) { state, _ throws(EngineError) in
            try state.decideResume(reason: reason)
        }
    }

    /// Asks an execution's handler to end.
    package func cancel(_ id: ExecutionID, reason: String? = nil) async throws(RuntimeError) {
        try await command(id, length: reason?.utf8.count ?? 0) { state, _ throws(EngineError) in
            try state.decideCancel(reason: reason)
        }
    }

    /// Drops an ended execution: nobody finds it any more, and its name is free.
    package func delete(_ id: ExecutionID) async throws(RuntimeError) {
        try await aboutChild(id.number) { () async throws(RuntimeError) in
            try await submit(byteCount: roomFor(records: 2, payloads: 0), .completion) {
                core, turn throws(RuntimeError) in
                guard core.acceptsCommands else { throw core.refusal }
                guard core.engine.update(id.number, { $0.id }) == id else { throw .unknownExecution(id.number) }
                let decision = try core.deciding(id.number, orThrow: .unknownExecution(id.number)) {
                    state throws(EngineError) in try state.decideDeletion()
                }
                guard !core.isOwed(id.number) else {
                    throw .refused(
                        EngineError(
                            .resourceConflict,
                            "The execution that invoked this one does not have its result yet: delete it a moment later."
                        ))
                }
                core.record(decision, of: id.number, in: &turn)
                if let task = core.invocations[id.number] { core.forget(task) }
            }
        }
        noteIdleInvocations()
    }

    /// A command to one execution whose only answer is that it is recorded.
    func command(
        _ id: ExecutionID, length: Int,
        _ decide: (inout ExecutionState, Timestamp) throws(EngineError) -> Decision<Void>
    ) async throws(RuntimeError) {
        try await about(id.number) { () async throws(RuntimeError) in
            try await submit(byteCount: roomFor(records: 2, payloads: length), .completion) {
                core, turn throws(RuntimeError) in
                guard core.acceptsCommands else { throw core.refusal }
                guard core.engine.update(id.number, { $0.id }) == id else { throw .unknownExecution(id.number) }
                let decision = try core.deciding(id.number, orThrow: .unknownExecution(id.number)) {
                    state throws(EngineError) in try decide(&state, turn.now)
                }
                core.record(decision, of: id.number, in: &turn)
            }
        }
    }

    /// Ends an execution from outside. An invocation in flight is cancelled, and what it still says is refused.
    /// - Returns: When the execution ended: now, or earlier if it had ended already.
    package func stop(_ id: ExecutionID, _ error: ErrorObject? = nil) async throws(RuntimeError) -> Timestamp {
        try await about(id.number) { () async throws(RuntimeError) in
            try await submit(byteCount: roomFor(payloads: error?.byteCount ?? 0), .completion) {
                core, turn throws(RuntimeError) in
                guard core.acceptsCommands else { throw core.refusal }
                guard core.engine.update(id.number, { $0.id }) == id else { throw .unknownExecution(id.number) }
                let limits = core.engine.limits
                let decision = try core.deciding(id.number, orThrow: .unknownExecution(id.number)) {
                    state throws(EngineError) in
                    try state.decideStop(error, limits: limits, at: turn.now)
                }
                core.record(decision, of: id.number, in: &turn)
                return decision.reply.endTime
            }
        }
    }

    /// Makes a function known, or replaces it. Executions that waited for it start to move; those that a replay mismatch
    /// holds are tried once more.
    package func register(_ registration: FunctionRegistration) async throws(RuntimeError) {
        try await submit(byteCount: Self.launchByteCount * Core.launchesPerTurn, .completion) {
            core, turn throws(RuntimeError) in
            guard core.acceptsCommands else { throw core.refusal }
            turn.launchLimit = Core.launchesPerTurn
            core.register(registration)
        }
        try await requestAttention()
    }

    /// Has the executions brought in that may have waited for a function, or are held until one is registered anew.
    private func requestAttention() async throws(RuntimeError) {
        let numbers = try await seams.blocking { [index] () throws(RuntimeError) in
            do throws(IndexError) { return try index.attention() } catch { throw .index(error) }
        }
        let cold = core.withLock { core in numbers.filter { !core.engine.isResident($0) } }
        loader.request(cold, for: self)
    }

    private func recordedLength(of updates: [OperationUpdate], _ execution: ExecutionNumber) -> Int {
        // It never changes, and most checkpoints need not know it.
        let traceHeader =
            updates.contains { $0.identity.type == .chainedInvoke }
            ? core.withLock { core in core.engine.update(execution) { $0.start.traceHeader } ?? nil } : nil
        return updates.reduce(0) { $0 + $1.recordedLength(inheriting: traceHeader) }
    }

    /// The room that a command's records take at most, and the starts and ends of invocations that ride along.
    ///
    /// A command over every limit is refused by its decision and records nothing of its payload: no room is asked for what
    /// the log might not even be able to promise.
    func roomFor(records count: Int = 1, payloads byteCount: Int) -> Int {
        let limits = options.limits
        let limit = max(
            limits.payloadLengthMax + limits.errorLengthMax, limits.callbackResultLengthMax,
            limits.externalErrorLengthMax,
            count > 1 ? limits.checkpointLengthMax : OperationUpdate.chainedLengthMax(limits))
        let isRefused = count * Limits.updateOverhead + byteCount > limit + Limits.updateOverhead
        return isRefused ? room(records: 0, payloads: 0) : room(records: count, payloads: byteCount)
    }

    /// The room that records take which nothing refuses, and the starts and ends of invocations that ride along.
    func room(records count: Int, payloads byteCount: Int) -> Int {
        let records = count + Self.recordsAlongside
        return log.room(forRecords: records, bodyBytes: records * Limits.updateOverhead + byteCount)
    }

    private static let recordsAlongside = 2
}

extension Core {
    mutating func checkpoint(
        _ token: CheckpointToken, _ updates: [OperationUpdate], clientToken: String?, in turn: inout Turn
    ) throws(RuntimeError) -> CheckpointReply {
        guard acceptsCommands else { throw refusal }
        let number = token.execution
        if let clientToken {
            guard (1...64).contains(clientToken.utf8.count), clientToken.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
            else {
                throw .refused(
                    EngineError(.invalidParameterValue, "Invalid ClientToken: 1 to 64 printable ASCII characters."))
            }
            if let last = lastCheckpoints[number], last.answers(clientToken, token, at: turn.now) {
                turn.replyLSN = turn.nextLSN
                return last.reply
            }
        }
        let invokes = updates.lazy.filter { $0.identity.type == .chainedInvoke }
        let secrets = invokes.isEmpty ? [] : invokes.map { _ in random.bits() }
        let decision = try refusing { () throws(EngineError) in
            try engine.decideCheckpoint(
                token, updates, firstLSN: turn.nextLSN.rawValue, secrets: secrets, at: turn.now)
        }
        // What others have done since the handler was last told, and what is due now: a callback's answer may still be lost,
        // and then there is another. Told early, it would be acted on.
        let hasNews = engine.update(number) { $0.hasUnseenChanges } ?? false
        if hasNews { turn.replyLSN = turn.nextLSN }
        record(decision, of: number, in: &turn)
        if decision.events.count > updates.count { turn.replyLSN = turn.nextLSN }
        let reply = engine.update(number) { state in
            let operations = state.deliverChanges()
            return CheckpointReply(
                order: UInt64(token.invocation) << 32 | UInt64(token.sequence) + 1, token: state.currentToken,
                isRevoked: state.currentToken == nil && !state.status.isTerminal,
                operations: operations)
        }
        guard let reply else { preconditionFailure("execution \(number.rawValue) vanished during its checkpoint") }
        if let clientToken {
            lastCheckpoints[number] = AnsweredCheckpoint(
                clientToken: clientToken, token: token, time: turn.now, reply: reply)
        } else if !lastCheckpoints.isEmpty {
            lastCheckpoints[number] = nil
        }
        return reply
    }

    /// Runs a decision of the pure engine over an execution's state; throws `absence` when there is no such execution.
    mutating func deciding<Reply>(
        _ number: ExecutionNumber, orThrow absence: RuntimeError,
        _ decide: (inout ExecutionState) throws(EngineError) -> Decision<Reply>
    ) throws(RuntimeError) -> Decision<Reply> {
        let decision: Decision<Reply>?
        do throws(EngineError) {
            decision = try engine.update(number, decide)
        } catch {
            throw .refused(error)
        }
        guard let decision else { throw absence }
        return decision
    }

    mutating func register(_ registration: FunctionRegistration) {
        scheduler.register(registration)
        engine.functions.register(registration.entry, as: registration.key.name)
        for execution in engine.all where execution.hold != nil && FunctionKey(execution.start) == registration.key {
            retryHeld(execution.number, of: registration.key)
        }
    }

    mutating func retryHeld(_ number: ExecutionNumber, of function: FunctionKey) {
        retriesOfHeld.insert(number)
        scheduler.offer(number, of: function)
    }
}

/// The next token and what changed; no token after the end of the execution, and none when a pause has taken it back.
package struct CheckpointReply: Sendable {
    /// Greater in every later reply to the execution's handlers: which of two tells the newer state of a row.
    package var order: UInt64
    package var token: CheckpointToken?
    package var isRevoked: Bool
    package var operations: [Operation]
}

/// A checkpoint whose reply may have been lost on its way.
struct AnsweredCheckpoint {
    let clientToken: String
    let token: CheckpointToken
    let time: Timestamp
    let reply: CheckpointReply

    /// AWS's figure.
    private static let window = Milliseconds(15 * 60_000)

    func answers(_ clientToken: String, _ token: CheckpointToken, at now: Timestamp) -> Bool {
        self.clientToken == clientToken && self.token == token && now.since(time) <= Self.window
    }
}

func refusing<R>(_ body: () throws(EngineError) -> R) throws(RuntimeError) -> R {
    do throws(EngineError) { return try body() } catch { throw .refused(error) }
}
