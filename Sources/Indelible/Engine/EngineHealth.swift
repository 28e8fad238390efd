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
    /// What is not as it should be although the engine works, in words: files beside the log that had to be made anew,
    /// executions that cannot be read. Empty as a rule.
    public let warnings: [String]

    init(_ health: EngineRuntime.Health, warnings: [String]) {
        self.warnings = warnings
        switch health {
        case .running: (code, error) = (.running, nil)
        case .closing: (code, error) = (.closing, nil)
        case .closed: (code, error) = (.closed, nil)
        case .failed(let cause): (code, error) = (.failed, DurableEngineError(cause))
        }
    }
}
