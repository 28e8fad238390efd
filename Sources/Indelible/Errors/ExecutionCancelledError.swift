/// Somebody has asked for the execution's end (``DurableEngine/cancel(_:reason:)``), and its handler may have its say
/// first.
///
/// It is thrown once in the handler, and once in each branch that still runs, by the durable call that comes next or that
/// waits; every replay throws it there. After that durable calls work as before: catch it, run what has to be undone
/// (``DurableContext/saga(retry:body:)`` does), and throw it on. Let through, it fails the execution.
public struct ExecutionCancelledError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the one who asked gave as the reason.
    public let reason: String?

    public init(reason: String?) {
        self.reason = reason
    }

    public var description: String {
        "the execution was asked to end\(reason.map { ": \($0)" } ?? "")"
    }
}

extension ExecutionCancelledError {
    static let recordedType = "ExecutionCancelledError"
}
