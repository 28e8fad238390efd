import ExecutionModel

/// What an invocation of a handler came to.
package enum HandlerOutcome: Sendable, Equatable {
    /// Nil also where a checkpoint has recorded the result.
    case succeeded(result: [UInt8]?)
    case failed(ErrorObject)
    /// An operation has to wait; the engine invokes the handler again when it may go on.
    case suspended
    /// The handler asked for another operation than the history holds.
    case diverged(Divergence)
    /// The invocation could not record; the engine may try it again.
    case crashed(ErrorObject)
    /// The engine took the invocation back: nothing is to be recorded.
    case abandoned
}
