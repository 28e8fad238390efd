import ExecutionModel
import Logging

/// What one invocation starts from.
package struct HandlerInput: Sendable {
    package var execution: ExecutionID
    package var function: String
    package var name: String
    package var arn: String
    /// The execution's rows in the order of their start; the EXECUTION row, which holds the input, first.
    package var operations: [Operation]
    package var backend: any DurableBackend
    package var logger: Logger
    /// Where the handler runs; nil: the global pool.
    package var executor: (any TaskExecutor)?

    package init(
        execution: ExecutionID, function: String, name: String, arn: String, operations: [Operation],
        backend: any DurableBackend, logger: Logger, executor: (any TaskExecutor)? = nil
    ) {
        self.execution = execution
        self.function = function
        self.name = name
        self.arn = arn
        self.operations = operations
        self.backend = backend
        self.logger = logger
        self.executor = executor
    }
}
