import ExecutionModel

extension DurableContext {
    /// Runs another function as an execution of its own and returns its result. On replay after that, returns the record.
    ///
    /// The function is started when the invoke is recorded, once, whatever crashes; this execution rests until it ends.
    /// Stopping this execution does not stop it. A function that is not registered with the engine is waited for.
    ///
    /// - Parameters:
    ///   - function: A ``DurableFunction``, a ``PlainFunction``, or a ``FunctionReference`` to one that is registered under
    ///     its name. Its version is pinned.
    ///   - input: Recorded, as the function's serdes says.
    ///   - name: As a step's.
    ///   - tenantID: Whose data the function works on: 1 to 256 characters of `[a-zA-Z0-9._:/=+@ -]`.
    ///   - timeout: How long it may take, waits included; above zero. It ends as timed out then. Nil: as the function says.
    /// - Returns: What the function returned, decoded with its serdes.
    /// - Throws: ``InvokeError`` when it failed, timed out or was stopped: its cause has the type and the message of what the
    ///   function threw; ``SerdesError``; ``ReplayError``; ``ContextError``; ``ExecutionCancelledError``, and the function
    ///   goes on.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `CHAINED_INVOKE`.
    public nonisolated(nonsending) func invoke<Function: InvokableFunction>(
        _ function: Function, input: Function.Input, name: String? = nil, tenantID: String? = nil,
        timeout: Duration? = nil
    ) async throws -> Function.Output {
        if let timeout, timeout <= .zero {
            throw ContextError(
                code: .invalidDuration, message: "an invoke's timeout of \(timeout): it must be above zero")
        }
        let target = function.target
        return try await operation(.chainedInvoke, "ChainedInvoke", name) { identity in
            let place = SerdesPlace(run.execution, operation: identity.id.rawValue)
            if try !run.isRecorded(identity) {
                let payload = try await target.encodeInput(input, place)
                try begin(identity)
                try await start(identity, target.reference, payload, tenantID, timeout)
            }
            let row = try await settled(identity)
            guard row.status == .succeeded else {
                throw InvokeError(
                    code: InvokeError.Code(row.status), invoke: identity.name,
                    cause: RecordedError(outside: RecordedError(row.error)))
            }
            return try await target.decodeOutput(try await run.bytes(of: row.result, on: strand), place)
        }
    }

    /// Runs another function that has no input: see ``invoke(_:input:name:tenantID:timeout:)``.
    public nonisolated(nonsending) func invoke<Function: InvokableFunction>(
        _ function: Function, name: String? = nil, tenantID: String? = nil, timeout: Duration? = nil
    ) async throws -> Function.Output where Function.Input == Void {
        try await invoke(function, input: (), name: name, tenantID: tenantID, timeout: timeout)
    }

    private nonisolated(nonsending) func start(
        _ identity: OperationIdentity, _ reference: String, _ payload: [UInt8]?, _ tenantID: String?,
        _ timeout: Duration?
    ) async throws {
        var header: String?
        run.observe { instruments in
            header = instruments.traceHeader(
                for: ObservedOperation(identity, status: .started))
        }
        let options = OperationUpdate.Options.chainedInvoke(
            function: reference, tenantID: tenantID, traceHeader: header, timeout: timeout.map { Milliseconds($0) })
        try await run.require(
            OperationUpdate(identity, .start, payload: payload, options: options), forced: true, on: strand)
    }
}

extension InvokeError.Code {
    fileprivate init(_ status: OperationStatus) {
        switch status {
        case .timedOut: self = .timedOut
        case .stopped: self = .stopped
        case .started, .pending, .ready, .succeeded, .failed, .cancelled: self = .failed
        }
    }
}
