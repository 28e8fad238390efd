import EngineRuntime
import ExecutionEngine
import ExecutionModel
import Logging

extension FunctionRegistration {
    /// A function as the engine in this process runs it.
    ///
    /// - Parameter cache: Where its suspended handlers are kept; nil: nowhere.
    init(_ function: InvocableFunction, _ environment: HandlerEnvironment, cache: RunCache?) {
        let options = function.options
        self.init(
            name: function.name, version: function.version, isPlain: function.isPlain,
            concurrencyLimit: options.concurrencyLimit,
            invocationTimeout: options.invocationTimeout.map { Milliseconds($0) },
            executionTimeout: options.executionTimeout.map { Milliseconds($0) },
            retention: ExecutionModel.RetentionPolicy(options.retention)
        ) { invocation in
            let parking = cache.map { cache in
                ParkingSpace(
                    cache: cache, execution: invocation.execution.number,
                    registrationCount: invocation.registrationCount
                ) { run, invocation in
                    InvocationOutcome(await run.resume(HandlerInput(invocation, environment)))
                }
            }
            return InvocationOutcome(
                await function.invoke(HandlerInput(invocation, environment), parking: parking))
        }
    }
}

extension HandlerInput {
    fileprivate init(_ invocation: Invocation, _ environment: HandlerEnvironment) {
        let start = invocation.start
        self.init(
            execution: ExecutionFacts(
                id: invocation.execution, function: start.function, version: start.version, name: start.name,
                arn: invocation.arn.description, startTime: invocation.startTime, tenantID: start.tenantID,
                traceHeader: start.traceHeader),
            requestID: invocation.requestID.description, time: invocation.invocationTime,
            order: UInt64(invocation.number) << 32, operations: invocation.operations,
            updatedOperationIDs: invocation.updatedOperationIDs, backend: EmbeddedBackend(invocation),
            environment: environment)
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
