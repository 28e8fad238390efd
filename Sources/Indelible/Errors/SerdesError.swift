/// A value could not be turned into bytes, or bytes into a value.
public struct SerdesError: Error, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The value has no form in this format: a number that is not finite in JSON, say.
        public static let encodingFailed = Code(description: "encodingFailed")
        /// The recorded bytes are no value of this type. The type may have changed since they were recorded.
        public static let decodingFailed = Code(description: "decodingFailed")
        /// What the serdes depends on cannot be reached: a file system, a key service. In a handler it ends the invocation,
        /// which is tried again after a while; nothing is recorded.
        public static let unavailable = Code(description: "unavailable")
    }

    public let code: Code
    public let message: String
    /// What the coder said.
    public let cause: (any Error)?

    public init(_ code: Code, message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}
