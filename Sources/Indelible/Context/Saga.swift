import ExecutionModel

extension DurableContext {
    /// Runs `body`, and when it throws, undoes what it has done: in reverse, each as a durable step.
    ///
    /// ```swift
    /// try await context.saga { saga in
    ///     let flight = try await saga.step("flight") { _ in try await book(trip) } compensation: { flight, _ in
    ///         try await cancel(flight)
    ///     }
    ///     try await context.wait("confirmation", for: .hours(1))
    ///     …
    /// }
    /// ```
    ///
    /// The saga records nothing itself: its steps do, and so do its compensations, which survive crashes as they. A
    /// cancellation (``ExecutionCancelledError``) is undone like any other error; a suspension is none. A saga that has
    /// succeeded inside another is not undone with it: give the outer one a compensation for the whole of it. Nor is a step
    /// whose recorded result no longer decodes as its type: its compensation has nothing to go by.
    ///
    /// - Parameters:
    ///   - retry: When a compensation is tried again after it throws.
    ///   - body: May use this context between the saga's own steps.
    /// - Throws: What `body` threw, once everything is undone. When a compensation failed for good, after the others have been
    ///   tried: ``SagaError``, or the ``FatalError`` or other mistake that it threw.
    public nonisolated(nonsending) func saga<Result>(
        retry: RetryPolicy = .critical, body: @concurrent (Saga) async throws -> Result
    ) async throws -> Result {
        let saga = Saga(self, retry)
        do {
            // Not @Sendable, since it uses this context. Nobody else can touch what it captures meanwhile: a context never gets
            // onto an actor (Fixtures/compile/misuse), so whoever calls this runs where the body does, and waits for it.
            nonisolated(unsafe) let (body, itsSaga) = (body, saga)
            return try await body(itsSaga)
        } catch {
            if run.isSuspending || error is Suspension { throw error }
            try await saga.undo(after: error)
            throw error
        }
    }
}

/// What a saga has done so far, and how to undo it. Belongs to its context, as which it is not `Sendable`.
public final class Saga {
    private let context: DurableContext
    private let retry: RetryPolicy
    private var compensations: [Compensation] = []

    private struct Compensation {
        var name: String?
        var undo: nonisolated(nonsending) (StepContext) async throws -> Void
    }

    init(_ context: DurableContext, _ retry: RetryPolicy) {
        self.context = context
        self.retry = retry
    }

    /// A step of the context, and what undoes it when the saga fails later: see
    /// ``DurableContext/step(_:retry:semantics:serdes:execution:body:)``.
    ///
    /// A step that fails is not undone. Where its effect may have happened all the same, use ``compensate(_:with:)`` before it.
    ///
    /// - Parameter compensation: The body of a step named `undo <name>`, given what the step returned.
    public nonisolated(nonsending) func step<Result: Codable>(
        _ name: String? = nil, retry: RetryPolicy = .default, semantics: StepSemantics = .atLeastOncePerRetry,
        serdes: (any Serdes)? = nil, execution: StepExecution = .pool,
        body: nonisolated(nonsending) (StepContext) async throws -> Result,
        compensation: nonisolated(nonsending) @escaping (Result, StepContext) async throws -> Void
    ) async throws -> Result {
        let result = try await context.step(
            name, retry: retry, semantics: semantics, serdes: serdes, execution: execution, body: body)
        compensate(name) { step in try await compensation(result, step) }
        return result
    }

    /// As the other ``step(_:retry:semantics:serdes:execution:body:compensation:)``, for a body without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public nonisolated(nonsending) func step(
        _ name: String? = nil, retry: RetryPolicy = .default, semantics: StepSemantics = .atLeastOncePerRetry,
        execution: StepExecution = .pool, body: nonisolated(nonsending) (StepContext) async throws -> Void,
        compensation: nonisolated(nonsending) @escaping (StepContext) async throws -> Void
    ) async throws {
        try await context.step(name, retry: retry, semantics: semantics, execution: execution, body: body)
        compensate(name, with: compensation)
    }

    /// Adds something to undo when the saga fails, before everything that was added earlier.
    ///
    /// - Parameters:
    ///   - name: Of what is undone.
    ///   - compensation: The body of a step named `undo <name>`.
    public func compensate(
        _ name: String? = nil, with compensation: nonisolated(nonsending) @escaping (StepContext) async throws -> Void
    ) {
        compensations.append(Compensation(name: name, undo: compensation))
    }

    nonisolated(nonsending) func undo(after error: any Error) async throws {
        var failures: [StepError] = []
        var fatal: (any FatalFailure)?
        // Undoing is what a request for the end asks for: nothing is told of it before it is done. A compensation that waits
        // for its next attempt has it, under the key of the first.
        let wasTold = context.isToldOfCancel
        context.isToldOfCancel = true
        defer { context.isToldOfCancel = wasTold }
        while let compensation = compensations.popLast() {
            do {
                try await context.step(Self.title(compensation.name), retry: retry) { step in
                    try await compensation.undo(step)
                }
            } catch let failure as StepError {
                failures.append(failure)
            } catch let failure as any FatalFailure where !(failure is ReplayError) {
                // It says that this one cannot be undone, and nothing about the others.
                fatal = fatal ?? failure
            }
        }
        if let fatal { throw fatal }
        if !failures.isEmpty { throw SagaError(cause: RecordedError(error), failures: failures) }
    }

    /// A name that nothing is refused for: what has been done is undone, whatever it was called.
    private static func title(_ name: String?) -> String {
        let printable = (name ?? "step").unicodeScalars.map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" }
        return "undo \(String(printable))".prefix(Limits.operationNameLengthMax).description
    }
}

/// A saga failed, and something of it could not be undone.
public struct SagaError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What the saga failed with.
    public let cause: RecordedError
    /// The compensations that failed, the first one tried first.
    public let failures: [StepError]

    /// The cause's message.
    public var message: String { cause.message }

    public var description: String {
        "the saga failed: \(cause); and could not be undone: \(failures.map(\.description).joined(separator: "; "))"
    }
}

extension SagaError: OperationFailure {}
