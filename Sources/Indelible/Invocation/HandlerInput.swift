import ExecutionModel
import Logging

/// What stays the same about an execution, however often its handler is invoked.
package final class ExecutionFacts: Sendable {
    package let id: ExecutionID
    package let function: String
    package let version: String
    package let name: String
    package let arn: String
    package let startTime: Timestamp
    package let tenantID: String?
    package let traceHeader: String?

    package init(
        id: ExecutionID, function: String, version: String = "$LATEST", name: String, arn: String,
        startTime: Timestamp, tenantID: String? = nil, traceHeader: String? = nil
    ) {
        self.id = id
        self.function = function
        self.version = version
        self.name = name
        self.arn = arn
        self.startTime = startTime
        self.tenantID = tenantID
        self.traceHeader = traceHeader
    }
}

/// What one invocation starts from, or goes on from.
package struct HandlerInput: Sendable {
    package var execution: ExecutionFacts
    /// The invocation's id, new for each.
    package var requestID: String
    /// When the invocation started.
    package var time: Timestamp
    /// Below that of every reply in this invocation, and above those of the invocations before: see ``BackendReply/order``.
    package var order: UInt64
    /// The execution's rows in the order of their start; the EXECUTION row, which holds the input, first. For a handler
    /// that was parked, those that changed meanwhile.
    package var operations: [Operation]
    /// What changed since the last invocation, as far as the backend knows.
    package var updatedOperationIDs: [OperationID]
    package var backend: any DurableBackend
    package var environment: HandlerEnvironment

    package init(
        execution: ExecutionFacts, requestID: String, time: Timestamp, order: UInt64,
        operations: [Operation],
        updatedOperationIDs: [OperationID] = [], backend: any DurableBackend, environment: HandlerEnvironment
    ) {
        self.execution = execution
        self.requestID = requestID
        self.time = time
        self.order = order
        self.operations = operations
        self.updatedOperationIDs = updatedOperationIDs
        self.backend = backend
        self.environment = environment
    }
}

extension Operation {
    /// Of an execution's own row: what it was started with.
    var inputBytes: [UInt8]? {
        guard case .execution(let payload, _) = details else { return nil }
        return payload?.inlineBytes
    }
}

/// What the process that runs handlers gives them, the same for all.
package struct HandlerEnvironment: Sendable {
    package var logger: Logger
    /// Where handlers run; nil: the global pool.
    package var executor: (any TaskExecutor)?
    /// Where steps' bodies run, those excepted that ask to run inline.
    package var pool: any TaskExecutor
    /// Lets time pass, by the clock that the engine goes by.
    package var sleep: @Sendable (Duration) async throws -> Void
    package var plugins: [any DurablePlugin]
    package var probe: (any HandlerProbe)?

    package init(
        logger: Logger, executor: (any TaskExecutor)? = nil, pool: (any TaskExecutor)? = nil,
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) },
        plugins: [any DurablePlugin] = [], probe: (any HandlerProbe)? = nil
    ) {
        self.logger = logger
        self.executor = executor
        self.pool = pool ?? globalConcurrentExecutor
        self.sleep = sleep
        self.plugins = plugins
        self.probe = probe
    }

    /// Starts a task where handlers run. Not with a preference of nil, which costs a look-up at every switch of the task.
    func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        guard let executor else { return Task(operation: body) }
        return Task(executorPreference: executor, operation: body)
    }
}
