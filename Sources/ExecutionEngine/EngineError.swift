import ExecutionModel

/// Why a command was refused. The code is AWS's name for it; nothing was recorded.
package struct EngineError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable {
        case invalidParameterValue = "InvalidParameterValueException"
        case executionAlreadyStarted = "DurableExecutionAlreadyStartedException"
        case resourceNotFound = "ResourceNotFoundException"
        case callbackTimeout = "CallbackTimeoutException"
        /// The execution is not in the state that the command is for.
        case resourceConflict = "ResourceConflictException"
    }

    package var code: Code
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func invalid(_ message: String) -> EngineError {
        EngineError(.invalidParameterValue, message)
    }

    static func conflict(_ message: String) -> EngineError {
        EngineError(.resourceConflict, message)
    }

    /// A token that is made up, spent, of an earlier invocation, of another execution, or of one that has ended. Clients know
    /// this error by the exact words.
    package static let invalidCheckpointToken = EngineError.invalid("Invalid checkpoint token")
}

extension EngineError: CustomStringConvertible {
    package var description: String { "\(code.rawValue): \(message)" }
}
