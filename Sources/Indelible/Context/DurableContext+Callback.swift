import ExecutionModel

extension DurableContext {
    /// Records an open callback and returns it. On replay, returns the same one.
    ///
    /// Anybody who has its id can complete it, once, from anywhere: ``DurableCallback/result()`` then returns.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - type: What it will be completed with; inferred where the result is used.
    ///   - timeout: From now; above zero. Nil: it stays open for ever.
    ///   - heartbeatTimeout: From now and again from every heartbeat; above zero. Nil: none are expected.
    ///   - serdes: How to read what it is completed with; nil: as the function says.
    /// - Throws: ``ReplayError``; ``ContextError`` before anything is recorded.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `CALLBACK`.
    public nonisolated(nonsending) func createCallback<Result: Codable>(
        _ name: String? = nil, of type: Result.Type = Result.self, timeout: Duration? = nil,
        heartbeatTimeout: Duration? = nil, serdes: (any Serdes)? = nil
    ) async throws -> DurableCallback<Result> {
        let (id, identity) = try await openCallback(name, timeout: timeout, heartbeatTimeout: heartbeatTimeout)
        return DurableCallback(id, context: self, identity: identity, serdes: serdes ?? run.serdes)
    }

    /// Opens a callback, hands its id out and lets the execution rest until somebody completes it.
    ///
    /// Recorded as a context that holds the callback and the step that submits it. On replay after the end, returns the
    /// result and submits nothing.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - timeout: Of the callback, from its creation; above zero. Nil: it stays open for ever.
    ///   - heartbeatTimeout: From the creation and again from every heartbeat; above zero. Nil: none are expected.
    ///   - retry: When to submit again after `submit` throws.
    ///   - serdes: How to read what the callback is completed with; nil: as the function says.
    ///   - submit: The body of a step: gives the id to whoever is to answer. A crash makes it run again.
    /// - Returns: What the callback was completed with.
    /// - Throws: ``CallbackError`` when it failed, timed out, or could not be submitted; ``SerdesError`` when it was
    ///   completed with something else than a `Result`; ``ReplayError``; ``ContextError``; ``ExecutionCancelledError``.
    public nonisolated(nonsending) func waitForCallback<Result: Codable>(
        _ name: String? = nil, timeout: Duration? = nil, heartbeatTimeout: Duration? = nil,
        retry: RetryPolicy = .default, serdes: (any Serdes)? = nil,
        submit: nonisolated(nonsending) (CallbackID, StepContext) async throws -> Void
    ) async throws -> Result {
        try Self.check(timeout, heartbeatTimeout)
        let (bytes, identity) = try await recordedContext(
            "WaitForCallback", name, describe: { ($0 as? CallbackError)?.cause ?? RecordedError(ofOperation: $0) },
            failure: { CallbackError(code: .init(recordedType: $1.type), callback: $0, cause: $1) }
        ) { scope in
            let inner = scope.makeContext()
            defer { inner.close() }
            let (id, identity) = try await inner.openCallback(
                Self.label(name, "create callback id"), timeout: timeout, heartbeatTimeout: heartbeatTimeout)
            do {
                try await inner.step(Self.label(name, "submitter"), retry: retry) { step in try await submit(id, step) }
            } catch let error as StepError {
                let cause = RecordedError(
                    type: CallbackError.Code.submitterFailedType, message: error.message, data: error.cause.data,
                    stackTrace: error.cause.stackTrace)
                throw CallbackError(code: .submitterFailed, callback: name, cause: cause)
            }
            let result = try await inner.completed(identity).result
            return try await run.bytes(of: result, on: inner.strand)
        }
        return try await decoded(
            from: bytes, of: identity.id, serdes ?? run.serdes, as: "the result of callback \(name ?? "")")
    }

    /// Records the start of a callback, unless the history holds it, and returns its id.
    private nonisolated(nonsending) func openCallback(
        _ name: String?, timeout: Duration?, heartbeatTimeout: Duration?
    ) async throws -> (CallbackID, OperationIdentity) {
        try Self.check(timeout, heartbeatTimeout)
        return try await operation(.callback, "Callback", name, isOpen: true) { identity in
            if try !run.isRecorded(identity) {
                try begin(identity)
                let options = OperationUpdate.Options.callback(
                    timeout: timeout.map { Milliseconds($0) },
                    heartbeatTimeout: heartbeatTimeout.map { Milliseconds($0) })
                try await run.require(
                    OperationUpdate(identity, .start, options: options), forced: true, on: strand)
            }
            let row = run.row(identity.id)
            guard case .callback(let id) = row?.details else {
                preconditionFailure("the backend accepted callback \(identity) and does not show its id")
            }
            if let row { note(row.startTime) }
            return (CallbackID(id.description), identity)
        }
    }

    private static func check(_ timeouts: Duration?...) throws(ContextError) {
        for case let timeout? in timeouts where timeout <= .zero {
            throw ContextError(
                code: .invalidDuration, message: "a callback's timeout of \(timeout): it must be above zero, or nil")
        }
    }

    /// The name of an operation inside one with a name; without the outer name where both together are too long.
    private static func label(_ name: String?, _ suffix: String) -> String {
        guard let name, !name.isEmpty, name.utf8.count + 1 + suffix.utf8.count <= Limits.operationNameLengthMax
        else { return suffix }
        return "\(name) \(suffix)"
    }
}
