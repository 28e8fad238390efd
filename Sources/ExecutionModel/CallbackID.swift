/// Names a callback to the world outside: the execution, the operation and a check that cannot be guessed.
///
/// It is made from the execution's id, so finding the callback needs no table. As text: base64, 1 to 1,024 characters of
/// `[A-Za-z0-9+/=]`.
package struct CallbackID: Hashable, Sendable {
    package var execution: ExecutionID
    package var ordinal: OperationOrdinal

    package init(execution: ExecutionID, ordinal: OperationOrdinal) {
        self.execution = execution
        self.ordinal = ordinal
    }
}
