import EngineRuntime
import ExecutionEngine
import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Somebody's demand that nothing of an execution be trimmed or deleted.
public struct RetentionHold: Sendable, Hashable {
    /// No other hold on the execution has it.
    public let name: String
    public let reason: String?
    /// Since when.
    public let time: Date
}

extension RetentionHold {
    init(_ hold: ExecutionEngine.RetentionHold) {
        self.init(name: hold.name, reason: hold.reason, time: Date(hold.time))
    }
}

extension DurableEngine {
    /// Keeps all that there is of an execution, running or ended, until ``release(_:from:reason:)``: nothing of it is
    /// trimmed, however long ago its retention was over, and ``delete(_:)`` refuses it. Recorded when this returns.
    ///
    /// Several people may hold an execution, each by a name of their own. The same hold again changes nothing. What was
    /// trimmed before is not had back.
    ///
    /// - Parameters:
    ///   - execution: Its id.
    ///   - name: 1 to 64 characters of `[a-zA-Z0-9-_]`: `case-4711`. At most 64 holds are on an execution at a time.
    ///   - reason: For the record, and for whom the hold refuses; at most 1,024 characters.
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/conflict`` when it is held by that name for another
    ///   reason, or is the call of a plain function, with ``DurableEngineError/Code/invalidArgument`` and
    ///   ``DurableEngineError/Code/notFound``.
    public func hold(_ execution: String, as name: String, reason: String? = nil) async throws {
        let id = try Self.id(execution)
        try await asking { () async throws(RuntimeError) in try await runtime.hold(id, as: name, reason: reason) }
    }

    /// Ends a hold. After the last one, the execution is kept for as long as its retention says: what is due by then is
    /// trimmed at once. Recorded when this returns.
    ///
    /// - Throws: ``DurableEngineError`` with ``DurableEngineError/Code/conflict`` when nobody holds it by that name, and with
    ///   ``DurableEngineError/Code/notFound``.
    public func release(_ execution: String, from name: String, reason: String? = nil) async throws {
        let id = try Self.id(execution)
        try await asking { () async throws(RuntimeError) in try await runtime.release(id, from: name, reason: reason) }
    }
}
