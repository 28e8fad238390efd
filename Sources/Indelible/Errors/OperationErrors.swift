/// A step failed for good: its last attempt threw, and its policy said no to another one.
///
/// It is decoded from the record on the first run too, so a handler sees the same error on every replay.
public struct StepError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The step's name.
    public let step: String?
    /// How many attempts were made.
    public let attempts: Int
    /// What the last attempt threw.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "step \(step.map { "'\($0)'" } ?? "without a name") failed after \(attempts) attempts: \(cause)"
    }
}

/// A callback came to no result.
public struct CallbackError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// Whoever holds the callback's id reported a failure.
        public static let failed = Code(description: "failed")
        /// Nobody completed it in time.
        public static let timedOut = Code(description: "timedOut")
        /// Nobody completed it or sent a heartbeat in time.
        public static let heartbeatTimedOut = Code(description: "heartbeatTimedOut")
        /// The step that hands the callback's id out failed for good. The callback itself stays open.
        public static let submitterFailed = Code(description: "submitterFailed")
    }

    public let code: Code
    /// The name of the callback, or of the wait for it.
    public let callback: String?
    /// What was reported, or what timed out.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "callback \(callback.map { "'\($0)'" } ?? "without a name") \(code): \(cause)"
    }
}

/// The body of a child context threw.
public struct ChildContextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The child context's name.
    public let context: String?
    /// What its body threw.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "child context \(context.map { "'\($0)'" } ?? "without a name") failed: \(cause)"
    }
}

extension StepError: OperationFailure {}
extension CallbackError: OperationFailure {}
extension ChildContextError: OperationFailure {}
