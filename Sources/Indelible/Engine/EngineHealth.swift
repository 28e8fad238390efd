import EngineRuntime

/// Whether an engine works.
public struct EngineHealth: Sendable {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        public static let running = Code(description: "running")
        public static let closing = Code(description: "closing")
        public static let closed = Code(description: "closed")
        /// The log failed, and the engine has stopped. Open it again.
        public static let failed = Code(description: "failed")
    }

    public let code: Code
    /// Why a failed engine failed.
    public let error: DurableEngineError?

    init(_ health: EngineRuntime.Health) {
        switch health {
        case .running: (code, error) = (.running, nil)
        case .closing: (code, error) = (.closing, nil)
        case .closed: (code, error) = (.closed, nil)
        case .failed(let cause): (code, error) = (.failed, DurableEngineError(cause))
        }
    }
}
