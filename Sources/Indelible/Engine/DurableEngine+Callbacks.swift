import EngineRuntime
import ExecutionEngine
import ExecutionModel

extension DurableEngine {
    /// Completes a callback with a value: what waits for it goes on. Recorded when this returns.
    ///
    /// - Parameters:
    ///   - callback: As it was given out.
    ///   - value: At most 15 MiB when encoded.
    ///   - serdes: How the value becomes bytes: the one that the handler reads them with.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/callbackEnded`` when it was completed before or
    ///   has timed out, ``DurableEngineError/Code/notFound``, ``DurableEngineError/Code/invalidArgument`` when the
    ///   value is too large; ``SerdesError``.
    public nonisolated(nonsending) func complete(
        callback: CallbackID, with value: some Encodable, serdes: any Serdes = .json
    ) async throws {
        let bytes = try await serdes.encoded(value, for: .outside, as: "the result of a callback")
        try await complete(callback, .succeed(bytes))
    }

    /// Completes a callback without a value: as `nil` for what waits for it.
    public func complete(callback: CallbackID) async throws {
        try await complete(callback, .succeed(nil))
    }

    /// Fails a callback: what waits for it throws a ``CallbackError`` with this cause. Recorded when this returns.
    public func fail(callback: CallbackID, with error: any Error) async throws {
        try await complete(callback, .fail(RecordedError(error).object))
    }

    /// Says that whoever is to answer is still at it: the heartbeat timeout begins anew.
    public func sendHeartbeat(callback: CallbackID) async throws {
        try await complete(callback, .heartbeat)
    }

    private nonisolated(nonsending) func complete(_ callback: CallbackID, _ command: CallbackCommand) async throws {
        guard let id = ExecutionModel.CallbackID(callback.description) else {
            throw DurableEngineError(
                .notFound, "'\(callback)' is no callback's id; give it as it was given out, without any escaping")
        }
        try await asking { () async throws(RuntimeError) in try await runtime.complete(id, command) }
    }
}
