/// A durable call that cannot be made. Nothing was recorded. It is a bug in the handler, so no step is retried for it.
public struct ContextError: Error, Hashable, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The context is in the middle of another operation: a step's body used it, or a child's body its parent's.
        public static let busy = Code(description: "busy")
        /// The handler or the branch that the context belongs to has ended.
        public static let closed = Code(description: "closed")
        /// A name has 1 to 256 printable ASCII characters.
        public static let invalidName = Code(description: "invalidName")
        /// A count, a percentage or another argument is outside its range.
        public static let invalidArgument = Code(description: "invalidArgument")
        /// A duration must be above zero.
        public static let invalidDuration = Code(description: "invalidDuration")
    }

    public let code: Code
    public let message: String

    public var description: String { message }
}
