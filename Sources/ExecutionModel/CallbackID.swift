/// Names a callback to the world outside, and is the right to complete it: the execution's number, the operation's
/// ordinal, and a check that only the execution's secret gives.
///
/// Finding the callback needs no table, since the number and the ordinal say where it is. Neither the execution's id nor
/// another callback's helps to make one. As text: base64, 1 to 1,024 characters of `[A-Za-z0-9+/=]`.
package struct CallbackID: Hashable, Sendable {
    package var execution: ExecutionNumber
    package var check: RandomBits
    package var ordinal: OperationOrdinal

    package init(execution: ExecutionNumber, ordinal: OperationOrdinal, check: RandomBits) {
        self.execution = execution
        self.check = check
        self.ordinal = ordinal
    }

    /// The id of a callback of the execution that has this number and this ``ExecutionStart/secret``.
    package init(execution: ExecutionNumber, ordinal: OperationOrdinal, secret: RandomBits) {
        self.init(
            execution: execution, ordinal: ordinal,
            check: SipHash128(of: "callback", numbered: ordinal.rawValue, key: secret).digest)
    }
}
