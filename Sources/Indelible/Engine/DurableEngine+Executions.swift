import EngineRuntime
import ExecutionEngine
import ExecutionModel

extension DurableEngine {
    /// Starts an execution, or finds the one that has this name already: after a crash, starting again is safe.
    ///
    /// - Parameters:
    ///   - function: Must be registered with this engine.
    ///   - input: Recorded, as the function's serdes says. Starting again compares its bytes.
    ///   - name: 1 to 64 characters of `[a-zA-Z0-9-_]`, one execution of the function for each name, ended ones
    ///     included. Nil: the execution's id.
    ///   - timeout: How long the execution may take; nil: as the function says.
    ///   - tenantID: Whose data it works on, for the handler to read: 1 to 256 characters of `[a-zA-Z0-9._:/=+@ -]`.
    ///   - traceHeader: The trace that it is part of, for plugins to read: `traceparent` or any other form, at most 8 KiB.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/nameTaken`` when the name belongs to an
    ///   execution with another input, ``DurableEngineError/Code/unknownFunction``,
    ///   ``DurableEngineError/Code/invalidArgument``, ``DurableEngineError/Code/noRoom``; ``SerdesError``.
    public nonisolated(nonsending) func start<Input, Output>(
        _ function: DurableFunction<Input, Output>, input: Input, name: String? = nil, timeout: Duration? = nil,
        tenantID: String? = nil, traceHeader: String? = nil
    ) async throws -> ExecutionHandle<Output> {
        let bytes = try await function.target.encodeInput(input, .outside)
        let reply = try await asking { () async throws(RuntimeError) in
            try await runtime.start(
                function: FunctionKey(function), name: name, input: bytes, timeout: timeout.map { Milliseconds($0) },
                tenantID: tenantID, traceHeader: traceHeader)
        }
        return ExecutionHandle(reply.id, engine: self, decodeOutput: function.target.decodeOutput)
    }

    /// Starts an execution of a function without an input: as ``start(_:input:name:timeout:tenantID:traceHeader:)``.
    public nonisolated(nonsending) func start<Output>(
        _ function: DurableFunction<Void, Output>, name: String? = nil, timeout: Duration? = nil,
        tenantID: String? = nil, traceHeader: String? = nil
    ) async throws -> ExecutionHandle<Output> {
        try await start(
            function, input: (), name: name, timeout: timeout, tenantID: tenantID, traceHeader: traceHeader)
    }

    /// The execution of `function` with this name, running or ended; nil when there is none.
    public nonisolated(nonsending) func execution<Input, Output>(
        named name: String, of function: DurableFunction<Input, Output>
    ) async throws -> ExecutionHandle<Output>? {
        let summary = try await asking { () async throws(RuntimeError) in
            try await runtime.summary(function: function.name, name: name)
        }
        guard let summary else { return nil }
        return ExecutionHandle(summary.id, engine: self, decodeOutput: function.target.decodeOutput)
    }

    /// The execution of `function` with this id; nil when this log holds none.
    public nonisolated(nonsending) func execution<Input, Output>(
        id: String, of function: DurableFunction<Input, Output>
    ) async throws -> ExecutionHandle<Output>? {
        guard let id = ExecutionID(id) else { return nil }
        do throws(RuntimeError) {
            let summary = try await runtime.summary(id.number)
            guard summary.id == id, summary.function == function.name else { return nil }
            return ExecutionHandle(id, engine: self, decodeOutput: function.target.decodeOutput)
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

    /// Everything recorded about an execution, in order. Reads the log.
    ///
    /// A history whose time is over (``FunctionOptions/retention``) begins with an event of its own, of the type
    /// `HistoryTrimmed` and the id 0, and has the execution's start and end besides, with the ids that they had. Whether
    /// there is more on the disk makes no difference.
    ///
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/notFound``.
    public func history(of execution: String) async throws -> [HistoryEvent] {
        let id = try Self.id(execution)
        let records = try await asking { () async throws(RuntimeError) in try await runtime.history(id.number) }
        let mark = HistoryTrim(of: records).map { HistoryEvent($0) }
        return (mark.map { [$0] } ?? []) + (try HistoryProjection.history(of: records).compactMap { HistoryEvent($0) })
    }

    /// Asks an execution to end, and lets its handler have its say: its next durable call, or the one that waits, throws
    /// ``ExecutionCancelledError``, once. Recorded when this returns.
    ///
    /// A handler that lets the error pass ends as failed; one that catches it may undo what it has done first. Asking again,
    /// and asking for the end of an execution that has ended, changes nothing. ``stop(_:error:)`` asks nobody.
    ///
    /// - Parameters:
    ///   - execution: Its id.
    ///   - reason: For the handler and the history; at most 1,024 characters.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/notFound``.
    public func cancel(_ execution: String, reason: String? = nil) async throws {
        let id = try Self.id(execution)
        try await asking { () async throws(RuntimeError) in try await runtime.cancel(id, reason: reason) }
    }

    /// Lets nothing of an execution's handler run until ``resume(_:reason:)``. What it waits for goes on.
    ///
    /// A handler that runs is let to its next durable call. Recorded when this returns.
    ///
    /// - Parameters:
    ///   - execution: Its id.
    ///   - reason: For the history; at most 1,024 characters.
    ///   - pausesTimeout: Whether the execution's own timeout waits too.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/conflict`` when it has ended or is paused, and with
    ///   ``DurableEngineError/Code/notFound``.
    public func pause(_ execution: String, reason: String? = nil, pausesTimeout: Bool = true) async throws {
        let id = try Self.id(execution)
        try await asking { () async throws(RuntimeError) in
            try await runtime.pause(id, PauseRequest(reason: reason, pausesTimeout: pausesTimeout))
        }
    }

    /// Lets a paused execution go on; one whose pause waits for its handler goes on as if nothing had been asked.
    ///
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/conflict`` when it is not paused, and with
    ///   ``DurableEngineError/Code/notFound``.
    public func resume(_ execution: String, reason: String? = nil) async throws {
        let id = try Self.id(execution)
        try await asking { () async throws(RuntimeError) in try await runtime.resume(id, reason: reason) }
    }

    /// Forgets an execution that has ended: nothing finds it any more, and its name may be used again. Its bytes leave the
    /// disk when the log is compacted.
    ///
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/conflict`` when it has not ended, or somebody holds it
    ///   (``hold(_:as:reason:)``), and with ``DurableEngineError/Code/notFound``.
    public func delete(_ execution: String) async throws {
        let id = try Self.id(execution)
        try await asking { () async throws(RuntimeError) in try await runtime.delete(id) }
    }

    static func id(_ execution: String) throws(DurableEngineError) -> ExecutionID {
        guard let id = ExecutionID(execution) else {
            throw DurableEngineError(.notFound, "'\(execution)' is no execution's id; executions() lists them")
        }
        return id
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
        let id = try Self.id(execution)
        _ = try await asking { () async throws(RuntimeError) in try await runtime.stop(id, error?.object) }
    }
}
