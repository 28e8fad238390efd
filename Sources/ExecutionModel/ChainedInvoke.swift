/// The operation that an execution was started by.
package struct ParentLink: Hashable, Sendable {
    package var execution: ExecutionNumber
    package var operation: OperationOrdinal

    package init(execution: ExecutionNumber, operation: OperationOrdinal) {
        self.execution = execution
        self.operation = operation
    }
}

/// What a chained invoke calls, and with what.
package struct ChainedInvokeStart: Hashable, Sendable {
    /// The function as the handler named it: see ``FunctionReference``.
    package var function: String
    package var tenantID: String?
    package var traceHeader: String?
    package var input: Payload?
    /// What the name was resolved to; nil when there was nothing.
    package var target: ChainedTarget?

    package init(
        function: String, tenantID: String? = nil, traceHeader: String? = nil, input: Payload?, target: ChainedTarget?
    ) {
        self.function = function
        self.tenantID = tenantID
        self.traceHeader = traceHeader
        self.input = input
        self.target = target
    }
}

/// The execution that a chained invoke started.
package struct ChainedTarget: Hashable, Sendable {
    package var version: String
    package var child: ExecutionID
    /// Whether the function is plain: the world is not shown an execution then.
    package var isPlain: Bool

    package init(version: String, child: ExecutionID, isPlain: Bool) {
        self.version = version
        self.child = child
        self.isPlain = isPlain
    }
}

extension ExecutionStart {
    /// The name of the execution that a chained invoke starts, so that starting it again finds it: 32 hexadecimal digits
    /// that nobody can guess who does not hold the parent's secret.
    package static func chainedName(of operation: OperationID, secret: RandomBits) -> String {
        "\(SipHash128(of: "chained/\(operation)".utf8, key: secret).digest)"
    }
}
