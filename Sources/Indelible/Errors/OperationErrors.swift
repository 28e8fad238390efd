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
        "step \(Self.title(step)) failed after \(attempts) attempts: \(cause)"
    }
}

/// A condition that was waited for will not come true: a check threw, or its policy gave up.
public struct WaitForConditionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The wait's name.
    public let condition: String?
    /// How many checks were made.
    public let attempts: Int
    /// What the last check threw, or why there was no further one.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "waiting for condition \(Self.title(condition)) failed after \(attempts) checks: \(cause)"
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
        "callback \(Self.title(callback)) \(code): \(cause)"
    }
}

/// A function that was invoked came to no result.
public struct InvokeError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// It failed, or there is no such function.
        public static let failed = Code(description: "failed")
        /// It took longer than it was given.
        public static let timedOut = Code(description: "timedOut")
        /// Somebody stopped its execution.
        public static let stopped = Code(description: "stopped")
    }

    public let code: Code
    /// The name of the invoke.
    public let invoke: String?
    /// What the function failed with: the type and the message are those of what its handler threw.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "invoke \(Self.title(invoke)) \(code): \(cause)"
    }
}

/// The body of a child context threw, or that of a branch.
public struct ChildContextError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The child context's name.
    public let context: String?
    /// What its body threw.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "child context \(Self.title(context)) failed: \(cause)"
    }
}

/// A batch was declared failed by its own completion rule: see ``BatchCompletion/custom(_:)``.
public struct BatchError: Error, Hashable, Sendable, CustomStringConvertible {
    public let completionReason: BatchCompletionReason
    public let successCount: Int
    public let failureCount: Int

    public var description: String {
        "the batch is \(completionReason.rawValue): \(successCount) items succeeded, \(failureCount) failed"
    }
}

/// A recorded failure of an operation. Its cause's message and data go with it when it leaves the handler.
protocol OperationFailure: Error {
    var cause: RecordedError { get }
}

extension OperationFailure {
    /// For messages: the operation's name in quotes.
    fileprivate static func title(_ name: String?) -> String {
        name.map { "'\($0)'" } ?? "without a name"
    }
}

extension StepError: OperationFailure {}
extension WaitForConditionError: OperationFailure {}
extension CallbackError: OperationFailure {}
extension InvokeError: OperationFailure {}
extension ChildContextError: OperationFailure {}
