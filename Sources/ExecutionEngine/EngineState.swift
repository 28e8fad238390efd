import ExecutionModel

/// All executions of an engine, and their names.
package struct EngineState: Sendable {
    package let limits: Limits
    /// What executions' Resource Names say of whose they are.
    package let owner: ExecutionARN.Owner
    package let unknownTargets: UnknownTargetPolicy
    /// The functions that this process has code for.
    package var functions = FunctionDirectory()
    @usableFromInline var executions: [ExecutionNumber: ExecutionState] = [:]
    private var names: [ExecutionName: ExecutionNumber] = [:]

    private struct ExecutionName: Hashable {
        var function: String
        var name: String
    }

    package init(
        limits: Limits, owner: ExecutionARN.Owner = .embedded, unknownTargets: UnknownTargetPolicy = .wait
    ) {
        self.limits = limits
        self.owner = owner
        self.unknownTargets = unknownTargets
    }

    package func execution(_ number: ExecutionNumber) -> ExecutionState? {
        executions[number]
    }

    /// The execution that `name` belongs to, among those of `function`.
    package func number(function: String, name: String) -> ExecutionNumber? {
        names[ExecutionName(function: function, name: name)]
    }

    /// Every execution, in no order.
    package var all: some Collection<ExecutionState> { executions.values }

    /// Folds in a recorded event, whose execution its first event makes.
    ///
    /// - Returns: The event's sequence in its execution.
    @discardableResult
    package mutating func apply(_ event: Event, to number: ExecutionNumber, at time: Timestamp) -> UInt32 {
        switch event {
        case .executionStarted(let start):
            precondition(executions[number] == nil, "execution \(number) started twice")
            executions[number] = ExecutionState(
                start: start, number: number, delayMax: limits.delayMax, at: time)
            names[ExecutionName(function: start.function, name: start.name)] = number
            return 1
        case .executionDeleted, .retentionTrimmed:
            return drop(number)
        default:
            let sequence = update(number) { execution in
                execution.apply(event, at: time)
                return execution.sequence
            }
            guard let sequence else { preconditionFailure("an event of execution \(number), which never started") }
            return sequence
        }
    }

    private mutating func drop(_ number: ExecutionNumber) -> UInt32 {
        guard let execution = evict(number) else {
            preconditionFailure("execution \(number) is dropped and never started")
        }
        return execution.sequence + 1
    }

    /// Takes in an execution that was rebuilt outside: from a snapshot, or from its records. Its name finds it again.
    package mutating func install(_ state: ExecutionState) {
        precondition(executions[state.number] == nil, "execution \(state.number) is there already")
        executions[state.number] = state
        names[ExecutionName(function: state.start.function, name: state.start.name)] = state.number
    }

    /// Forgets an execution, which goes on existing in the log: ``install(_:)`` brings it back. Neither its number nor its
    /// name finds it until then.
    ///
    /// - Returns: Its state, with the volatile part; nil when there is none of that number.
    @discardableResult
    package mutating func evict(_ number: ExecutionNumber) -> ExecutionState? {
        guard let execution = executions.removeValue(forKey: number) else { return nil }
        let name = ExecutionName(function: execution.start.function, name: execution.start.name)
        if names[name] == number { names[name] = nil }
        return execution
    }

    /// How many executions are in memory.
    package var residentCount: Int { executions.count }

    /// Reads or changes an execution in place; nil when there is none of that number. Inlinable, since every command passes
    /// here and an unspecialised call looks up the metadata of its result.
    @inlinable @inline(__always)
    package mutating func update<Result, Failure: Error>(
        _ number: ExecutionNumber, _ body: (inout ExecutionState) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let index = executions.index(forKey: number) else { return nil }
        return try body(&executions.values[index])
    }
}

/// What came of a request to start an execution.
package struct StartReply: Hashable, Sendable {
    package var id: ExecutionID
    /// False: an execution of that name and input existed, running or ended.
    package var isNew: Bool
}

extension EngineState {
    /// The stored input of the execution that has the name of `request`, where its bytes must be known to tell whether the
    /// two are the same; nil where ``decideStart(_:number:at:existingInput:)`` can tell without them.
    package func inputToCompare(with request: ExecutionStart) -> Payload? {
        guard let existing = number(function: request.function, name: request.name),
            let input = executions[existing]?.start.input, input.isStored, request.input?.length == input.length
        else { return nil }
        return input
    }

    /// Starts an execution, as `number` if it is a new one. The same name with the same input is the same execution.
    ///
    /// - Parameter existingInput: The bytes of what ``inputToCompare(with:)`` asks for.
    package func decideStart(
        _ request: ExecutionStart, number: ExecutionNumber, at now: Timestamp, existingInput: [UInt8]? = nil
    ) throws(EngineError) -> Decision<StartReply> {
        try check(request)
        if let existing = self.number(function: request.function, name: request.name),
            let execution = executions[existing]
        {
            var input = execution.start.input
            if inputToCompare(with: request) != nil {
                guard let existingInput else { preconditionFailure("an input is compared without its bytes") }
                input = .inline(existingInput)
            }
            guard input == request.input else {
                throw EngineError(
                    .executionAlreadyStarted,
                    "An execution named '\(request.name)' of function '\(request.function)' exists with another "
                        + "input. Use another name, or the same input to get the existing execution.")
            }
            return Decision(reply: StartReply(id: execution.id, isNew: false))
        }
        return Decision(
            events: [.executionStarted(request)],
            reply: StartReply(id: ExecutionID(number: number, secret: request.secret), isNew: true))
    }

    /// Judges a checkpoint: see ``ExecutionState/decideCheckpoint(_:_:limits:at:)``, and starts the executions that it
    /// invokes.
    ///
    /// - Parameters:
    ///   - number: The LSN of the first event that is recorded: executions that begin take theirs from here on.
    ///   - secrets: One for each CHAINED_INVOKE among the updates.
    package mutating func decideCheckpoint(
        _ token: CheckpointToken, _ updates: [OperationUpdate], firstLSN number: UInt64, secrets: [RandomBits],
        at now: Timestamp
    ) throws(EngineError) -> Decision<Void> {
        let limits = limits
        let surroundings = ChainedInvoke.Surroundings(
            owner: owner, functions: functions, unknownTargets: unknownTargets, nextNumber: number,
            secrets: secrets[...])
        // Judged in place: a copy of a state costs as much as most checkpoints do.
        let decision = try update(token.execution) { execution throws(EngineError) in
            try execution.decideCheckpoint(token, updates, surroundings, limits: limits, at: now)
        }
        guard let decision else { throw .invalidCheckpointToken }
        return decision
    }

    private func check(_ request: ExecutionStart) throws(EngineError) {
        guard request.function.isIdentifier(Limits.functionNameLengthMax) else {
            throw .invalid(
                "Invalid function name '\(request.function)': 1 to \(Limits.functionNameLengthMax) characters of "
                    + "[a-zA-Z0-9-_].")
        }
        guard request.name.isIdentifier(Limits.executionNameLengthMax) else {
            throw .invalid(
                "Invalid execution name '\(request.name)': 1 to \(Limits.executionNameLengthMax) characters of "
                    + "[a-zA-Z0-9-_].")
        }
        guard request.version.isVersion else {
            throw .invalid("Invalid version '\(request.version)': $LATEST, or digits.")
        }
        if let length = request.input?.length, length > limits.payloadLengthMax {
            throw .payloadTooLong("Execution input payload", length, limit: limits.payloadLengthMax)
        }
        if let timeout = request.timeout { try limits.check(timeout, limits.delayMax, "ExecutionTimeout") }
        if let tenantID = request.tenantID, !tenantID.isTenantID {
            throw .invalid("Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -].")
        }
        if let trace = request.traceHeader, trace.utf8.count > Limits.traceHeaderLengthMax {
            throw .invalid("Invalid XAmznTraceId: at most \(Limits.traceHeaderLengthMax) characters.")
        }
    }
}
