import EngineRuntime
import ExecutionEngine
import ExecutionModel
import Logging

extension FunctionRegistration {
    /// A function as the engine in this process runs it.
    init(_ function: InvocableFunction, executor: (any TaskExecutor)?, logger: Logger) {
        let options = function.options
        self.init(
            name: function.name, concurrencyLimit: options.concurrencyLimit,
            invocationTimeout: options.invocationTimeout.map { Milliseconds($0) },
            executionTimeout: options.executionTimeout.map { Milliseconds($0) }
        ) { invocation in
            InvocationOutcome(await function.invoke(HandlerInput(invocation, executor: executor, logger: logger)))
        }
    }
}

extension HandlerInput {
    fileprivate init(_ invocation: Invocation, executor: (any TaskExecutor)?, logger: Logger) {
        let arn = invocation.arn
        var logger = logger
        logger[metadataKey: "function"] = "\(invocation.start.function)"
        logger[metadataKey: "execution"] = "\(invocation.start.name)"
        logger[metadataKey: "execution-arn"] = "\(arn)"
        logger[metadataKey: "request-id"] = "\(invocation.requestID)"
        self.init(
            execution: invocation.execution, function: invocation.start.function, name: invocation.start.name,
            arn: arn.description, operations: invocation.operations, backend: EmbeddedBackend(invocation),
            logger: logger, executor: executor)
    }
}

extension InvocationOutcome {
    /// Nil: the invocation was abandoned, and nothing is to be recorded.
    fileprivate init?(_ outcome: HandlerOutcome) {
        switch outcome {
        case .succeeded(let result): self = .succeeded(result: result)
        case .failed(let error): self = .failed(error)
        case .suspended: self = .pending
        case .diverged(let divergence): self = .held(divergence)
        case .crashed(let error): self = .crashed(error)
        case .abandoned: return nil
        }
    }
}
