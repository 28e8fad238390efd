import ExecutionModel

/// What unwinds a handler that cannot go on in this invocation. Private to the SDK: user code can catch it but not use
/// it, since the context is poisoned by then and the invocation's outcome is settled.
struct Suspension: Error, CustomStringConvertible {
    var description: String {
        "the invocation is suspended: let this error pass, every later durable call throws it too"
    }
}

/// Why an invocation ended before its handler did. Once set it never changes, and it alone decides the outcome.
enum InvocationEnding: Sendable {
    /// An operation has to wait: for time, for a callback or for a retry.
    case suspended
    /// The engine has taken the invocation back (shutdown, stop, timeout): nothing it does counts any more.
    case abandoned
    /// The handler asked for another operation than the history holds.
    case diverged(Divergence)
    /// The backend refused what the handler asked for, and will refuse it again.
    case refused(ErrorObject)
    /// The backend could not record: the engine may try the invocation again.
    case failed(ErrorObject)
}
