/// Ends the execution: no step is retried for it, no batch tolerates it, and no context records it as its own failure.
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

extension FatalError {
    /// What tells it from an error of the user's that has the same name: no ``RecordableError`` is recorded with this, which is
    /// no JSON.
    private static let mark = "fatal"

    /// The error that a step or a condition was recorded with.
    init?(recorded error: RecordedError) {
        guard error.type == "\(FatalError.self)", error.data == Self.mark else { return nil }
        self.init(error.message)
    }

    var recorded: RecordedError {
        RecordedError(type: "\(FatalError.self)", message: RecordedError.cut(message), data: Self.mark)
    }
}

/// Errors that say that something is wrong with the handler or its record, not with the work: they pass contexts and
/// batches unrecorded, and no policy retries them.
protocol FatalFailure: Error {}

extension FatalError: FatalFailure {}
extension ReplayError: FatalFailure {}
extension SerdesError: FatalFailure {}
extension ContextError: FatalFailure {}
