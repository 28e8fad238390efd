import EngineRuntime
import ExecutionEngine
import ExecutionModel
import Foundation
import Indelible

/// What the world outside does to an execution, said by the names that its handler gives.
///
/// Each looks for an operation of that name that is open, once nothing else is under way; the first of several.
extension TestEngine {
    /// Completes a callback: what waits for it goes on.
    ///
    /// - Parameters:
    ///   - callback: The name of the callback, or of the wait for it.
    ///   - execution: Its id.
    ///   - value: Encoded as JSON.
    public func complete(
        callback: String, of execution: String, with value: some Encodable & Sendable
    ) async throws {
        try await engine.complete(callback: try await openCallback(callback, execution).id, with: value)
    }

    /// Fails a callback: what waits for it throws.
    public func fail(callback: String, of execution: String, with error: any Error) async throws {
        try await engine.fail(callback: try await openCallback(callback, execution).id, with: error)
    }

    /// Lets time pass until the callback's own timeout or that of its heartbeat, whichever is sooner, and no further.
    public func timeOut(callback: String, of execution: String) async throws {
        let open = try await openCallback(callback, execution)
        guard let deadline = try await deadline(of: open, execution) else {
            throw TestEngineError("callback '\(callback)' has no timeout, so it never times out")
        }
        await advance(by: max(deadline.since(Timestamp(now)).duration, .zero))
    }

    /// Ends the execution that a chained invoke has started, as if its function had returned this. For functions that the
    /// test has not got.
    ///
    /// - Parameters:
    ///   - invoke: The name of the invoke.
    ///   - execution: The id of the execution that invoked it.
    ///   - value: Encoded as JSON.
    public func complete(
        invoke: String, of execution: String, with value: some Encodable & Sendable
    ) async throws {
        let bytes = try JSONSerdes().encode(value, for: .outside)
        try await end(invoke, execution, .succeeded(result: bytes))
    }

    /// Ends it as if its function had thrown.
    public func fail(invoke: String, of execution: String, with error: any Error) async throws {
        try await end(invoke, execution, .failed(RecordedError(thrown: error).object))
    }

    /// Lets time pass until the invoke's timeout, and no further.
    public func timeOut(invoke: String, of execution: String) async throws {
        let child = try await openChild(invoke, execution)
        let summary = try await engine.runtime.summary(child.number)
        guard let timeout = summary.timeout else {
            throw TestEngineError("invoke '\(invoke)' has no timeout, so it never times out")
        }
        let deadline = summary.startTime.adding(timeout)
        await advance(by: max(deadline.since(Timestamp(now)).duration, .zero))
    }

    /// Stops the execution that a chained invoke has started.
    public func stop(invoke: String, of execution: String, error: RecordedError? = nil) async throws {
        try await engine.stop(try await openChild(invoke, execution).description, error: error)
    }

    // MARK: Finding it

    private func end(_ invoke: String, _ execution: String, _ outcome: InvocationOutcome) async throws {
        try await engine.runtime.end(try await openChild(invoke, execution), as: outcome)
        await settle()
    }

    private func openCallback(
        _ name: String, _ execution: String
    ) async throws -> (id: Indelible.CallbackID, started: Indelible.HistoryEvent) {
        await settle()
        let history = try await engine.history(of: execution)
        let open = history.openCallbacks(named: name)
        guard let started = open.first, let id = started.callbackID else {
            throw TestEngineError(
                "no callback '\(name)' is open; the history is \(history.notation)")
        }
        return (id, started)
    }

    /// When the callback times out if nothing more comes from outside; nil: never. No history shows heartbeats, so the record
    /// is asked for the last one.
    private func deadline(
        of open: (id: Indelible.CallbackID, started: Indelible.HistoryEvent), _ execution: String
    ) async throws -> Timestamp? {
        let start = Timestamp(open.started.time)
        var deadlines = open.started.timeout.map { [start.adding(Milliseconds($0))] } ?? []
        if let heartbeatTimeout = open.started.heartbeatTimeout {
            let callback = ExecutionModel.CallbackID(open.id.description)
            let records = try await engine.runtime.history(executionID(execution).number)
            let heartbeat = records.last { record in
                guard case .callbackHeartbeat(.existing(let ordinal)) = record.event else { return false }
                return ordinal == callback?.ordinal
            }
            deadlines.append((heartbeat?.time ?? start).adding(Milliseconds(heartbeatTimeout)))
        }
        return deadlines.min()
    }

    private func executionID(_ execution: String) throws -> ExecutionID {
        guard let id = ExecutionID(execution) else { throw TestEngineError("'\(execution)' is no execution's id") }
        return id
    }

    private func openChild(_ name: String, _ execution: String) async throws -> ExecutionID {
        await settle()
        let id = try executionID(execution)
        var open: [OperationOrdinal: ExecutionID] = [:]
        var next: UInt32 = 0
        for record in try await engine.runtime.history(id.number) {
            if case .first(let start)? = record.event.operation {
                if case .chainedInvokeStarted(_, let invoke) = record.event, start.name == name {
                    open[OperationOrdinal(next)] = invoke.target?.child
                }
                next += 1
            } else if case .existing(let ordinal)? = record.event.operation {
                open[ordinal] = nil
            }
        }
        guard let first = open.min(by: { $0.key < $1.key }) else {
            throw TestEngineError("no invoke '\(name)' of this execution is open")
        }
        return first.value
    }
}

/// A test asked for what is not there.
public struct TestEngineError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}

extension Duration {
    var seconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}

extension Timestamp {
    init(_ date: Date) {
        self.init(millisecondsSinceEpoch: Int64((date.timeIntervalSince1970 * 1_000).rounded()))
    }
}
