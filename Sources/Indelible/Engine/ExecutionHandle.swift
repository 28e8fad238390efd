import EngineRuntime
import ExecutionEngine
import ExecutionModel

/// One execution, and the type of its result. It may be kept and shared; dropping it changes nothing.
public struct ExecutionHandle<Output>: Sendable {
    private let number: ExecutionNumber
    private let engine: DurableEngine
    private let decodeOutput: nonisolated(nonsending) @Sendable ([UInt8]?, SerdesPlace) async throws -> Output

    /// Finds the execution again, in this log, after any number of restarts.
    public let id: String

    init(
        _ id: ExecutionID, engine: DurableEngine,
        decodeOutput: nonisolated(nonsending) @escaping @Sendable ([UInt8]?, SerdesPlace) async throws -> Output
    ) {
        self.id = id.description
        self.engine = engine
        self.decodeOutput = decodeOutput
        number = id.number
    }

    /// Waits until the execution has ended and returns what its handler returned.
    ///
    /// - Parameter timeout: How long to wait; nil: as long as it takes. The execution goes on after it.
    /// - Throws: ``ExecutionError`` when the execution failed, timed out or was stopped; ``DurableEngineError`` with
    ///   ``DurableEngineError/Code/timedOut``, or ``DurableEngineError/Code/closed`` when the engine closes first;
    ///   ``SerdesError``; `CancellationError` when the waiting task is cancelled.
    public nonisolated(nonsending) func result(timeout: Duration? = nil) async throws -> Output {
        let summary = try await end(timeout)
        switch summary.status {
        case .succeeded:
            return try await decodeOutput(summary.result?.inlineBytes, .outside)
        case .failed, .timedOut, .stopped, .running, .pausing, .paused:
            throw ExecutionError(
                status: ExecutionStatus(summary.status), execution: id, cause: RecordedError(summary.error))
        }
    }

    /// What the engine knows of the execution now.
    public func description() async throws -> ExecutionDescription {
        ExecutionDescription(
            try await asking { () async throws(RuntimeError) in try await engine.runtime.summary(number) })
    }

    /// Where the execution stands now.
    public var status: ExecutionStatus {
        get async throws { try await description().status }
    }

    /// Everything recorded about the execution, in order. Reads the log.
    public func history() async throws -> [HistoryEvent] {
        try await engine.history(of: id)
    }

    /// Asks the execution to end: see ``DurableEngine/cancel(_:reason:)``.
    public func cancel(reason: String? = nil) async throws {
        try await engine.cancel(id, reason: reason)
    }

    /// Lets nothing of its handler run until it is resumed: see ``DurableEngine/pause(_:reason:pausesTimeout:)``.
    public func pause(reason: String? = nil, pausesTimeout: Bool = true) async throws {
        try await engine.pause(id, reason: reason, pausesTimeout: pausesTimeout)
    }

    /// Lets a paused execution go on: see ``DurableEngine/resume(_:reason:)``.
    public func resume(reason: String? = nil) async throws {
        try await engine.resume(id, reason: reason)
    }

    /// Ends the execution: see ``DurableEngine/stop(_:error:)``.
    public func stop(error: RecordedError? = nil) async throws {
        try await engine.stop(id, error: error)
    }

    @concurrent
    private func end(_ timeout: Duration?) async throws -> ExecutionSummary {
        let waits = engine.waits
        let summary = try await asking { () async throws(RuntimeError) in
            try await engine.runtime.end(
                of: number, within: timeout.map { timeout in { timeIsUp in waits.after(timeout, timeIsUp) } })
        }
        guard let summary else {
            throw DurableEngineError(
                .timedOut, "execution \(id) has not ended within \(timeout ?? .zero); it goes on, ask again")
        }
        return summary
    }
}
