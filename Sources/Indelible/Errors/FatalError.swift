/// Ends the execution: no step is retried for it, no batch tolerates it, and no child context records it as its own failure.
///
/// For what another attempt cannot change and what must not be counted among the failures of a batch: a missing
/// configuration, a broken invariant. The handler can catch it; let through, it fails the execution.
public struct FatalError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String

    public init(_ message: String) {
        self.message = message
    }

    public var description: String { message }
}
