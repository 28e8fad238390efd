import ExecutionModel
import Logging
import Synchronization

/// What the body of a step, or of a condition's check, knows about its run.
public struct StepContext: Sendable {
    /// Which attempt runs, from 1. A crash in an attempt does not end it, so two runs may have the same number.
    public let attempt: Int
    /// What a crash in the middle of the attempt means.
    public let semantics: StepSemantics
    private let run: HandlerRun
    let identity: OperationIdentity

    init(
        _ run: HandlerRun, _ identity: OperationIdentity, attempt: Int,
        _ semantics: StepSemantics = .atLeastOncePerRetry
    ) {
        self.run = run
        self.identity = identity
        self.attempt = attempt
        self.semantics = semantics
    }

    /// 32 hexadecimal digits that name this step of this execution: equal over attempts and restarts, different for
    /// every other step, execution and log. Pass it to whatever accepts an idempotency key.
    ///
    /// It is a name and no secret: whoever knows the execution's id and the step's place can derive it.
    public var idempotencyKey: String {
        "\(SipHash128(of: "idempotency/\(identity.id)".utf8, key: run.execution.id.check).digest)"
    }

    /// Whether somebody has asked for the execution's end meanwhile: a long body may come to an early one.
    public var isCancellationRequested: Bool { run.isCancelRequested.load(ordering: .relaxed) }

    /// The context's logger with the step's name, path and attempt. It logs every attempt.
    public var logger: Logger {
        let body = ObservedBody(operation: ObservedOperation(identity, status: .started), attempt: attempt)
        var logger = run.logger(for: body, replay: nil)
        logger[metadataKey: "operation-id"] = "\(identity.id)"
        if let name = identity.name { logger[metadataKey: "operation-name"] = "\(name)" }
        logger[metadataKey: "attempt"] = "\(attempt)"
        return logger
    }
}
