/// An execution ended without a result.
public struct ExecutionError: Error, Hashable, Sendable, CustomStringConvertible {
    /// How it ended: failed, timed out or stopped.
    public let status: ExecutionStatus
    /// The execution's id.
    public let execution: String
    /// What its handler threw, or why it was stopped.
    public let cause: RecordedError

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "execution \(execution) \(status): \(cause)"
    }
}
