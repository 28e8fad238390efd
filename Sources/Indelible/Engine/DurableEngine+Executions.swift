import EngineRuntime
import ExecutionEngine
import ExecutionModel

extension DurableEngine {
    /// Starts an execution, or finds the one that has this name already: after a crash, starting again is safe.
    ///
    /// - Parameters:
    ///   - function: Must be registered with this engine.
    ///   - input: Recorded, as the function's serdes says.
    ///   - name: 1 to 64 characters of `[a-zA-Z0-9-_]`, one execution of the function for each name, ended ones
    ///     included. Nil: the execution's id.
    ///   - timeout: How long the execution may take; nil: as the function says.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/nameTaken`` when the name belongs to an
    ///   execution with another input, ``DurableEngineError/Code/unknownFunction``,
    ///   ``DurableEngineError/Code/invalidArgument``, ``DurableEngineError/Code/noRoom``; ``SerdesError``.
    public nonisolated(nonsending) func start<Input, Output>(
        _ function: DurableFunction<Input, Output>, input: Input, name: String? = nil, timeout: Duration? = nil
    ) async throws -> ExecutionHandle<Output> {
        let bytes = try function.encodeInput(input)
        let reply = try await asking { () async throws(RuntimeError) in
            try await runtime.start(
                function: FunctionKey(function.name), name: name, input: bytes,
                timeout: timeout.map { Milliseconds($0) })
        }
        return ExecutionHandle(reply.id, engine: self, decodeOutput: function.decodeOutput)
    }

    /// Starts an execution of a function without an input: as the other ``start(_:input:name:timeout:)``.
    public nonisolated(nonsending) func start<Output>(
        _ function: DurableFunction<Void, Output>, name: String? = nil, timeout: Duration? = nil
    ) async throws -> ExecutionHandle<Output> {
        try await start(function, input: (), name: name, timeout: timeout)
    }

    /// The execution of `function` with this name, running or ended; nil when there is none.
    public nonisolated(nonsending) func execution<Input, Output>(
        named name: String, of function: DurableFunction<Input, Output>
    ) async throws -> ExecutionHandle<Output>? {
        guard let number = runtime.number(function: function.name, name: name) else { return nil }
        let summary = try await asking { () async throws(RuntimeError) in try await runtime.summary(number) }
        return ExecutionHandle(summary.id, engine: self, decodeOutput: function.decodeOutput)
    }

    /// The execution of `function` with this id; nil when this log holds none.
    public nonisolated(nonsending) func execution<Input, Output>(
        id: String, of function: DurableFunction<Input, Output>
    ) async throws -> ExecutionHandle<Output>? {
        guard let id = ExecutionID(id) else { return nil }
        do throws(RuntimeError) {
            let summary = try await runtime.summary(id.number)
            guard summary.id == id, summary.function == function.name else { return nil }
            return ExecutionHandle(id, engine: self, decodeOutput: function.decodeOutput)
        } catch {
            if case .unknownExecution = error { return nil }
            throw DurableEngineError(error)
        }
    }

    /// All executions in the order of their start, or those of one function, or with one status.
    public func executions(
        of function: String? = nil, status: ExecutionStatus? = nil
    ) async throws -> [ExecutionDescription] {
        try await asking { () async throws(RuntimeError) in try await runtime.list() }
            .lazy.filter { function == nil || $0.function == function }
            .map { ExecutionDescription($0) }
            .filter { status == nil || $0.status == status }
    }

    /// Ends an execution: a handler that runs is cancelled, and nothing it still does is recorded.
    ///
    /// Stopping one that has ended changes nothing.
    ///
    /// - Parameters:
    ///   - execution: Its id.
    ///   - error: What the execution's record and its waiters say; nil: that a caller stopped it.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/notFound``.
    public func stop(_ execution: String, error: RecordedError? = nil) async throws {
        guard let id = ExecutionID(execution) else {
            throw DurableEngineError(.notFound, "'\(execution)' is no execution's id; executions() lists them")
        }
        _ = try await asking { () async throws(RuntimeError) in try await runtime.stop(id, error?.object) }
    }
}
