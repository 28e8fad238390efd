import ExecutionModel

/// Watches a handler come to its durable boundaries, for tests that interrupt it there.
package protocol HandlerProbe: Sendable {
    /// The handler goes on when this returns.
    nonisolated(nonsending) func reach(_ point: HandlerPoint, _ place: HandlerPlace) async
}

/// A moment at which an interruption may leave the record and the world in different states.
package enum HandlerPoint: String, Sendable, CaseIterable {
    /// The handler is about to record something.
    case beforeAppend
    /// It is recorded, and the handler has not been told.
    case appended
    /// The handler has been told.
    case acknowledged
    /// The body of a step, or of a condition's check, is about to run.
    case insideStep
    /// The handler has returned or thrown, and the engine has not been told what.
    case beforeEnd
}

/// Where a handler is that has come to a ``HandlerPoint``.
package struct HandlerPlace: Sendable {
    package var execution: ExecutionID
    package var function: String
    /// The id of the invocation that the handler serves.
    package var invocation: String
    /// Of a record: the paths of the steps an attempt of which it ends.
    package var endedSteps: [String] = []
    /// Of a body: what it is an attempt of.
    package var attempt: ProbedAttempt?
}

/// One attempt of a step or of a condition's check.
///
/// It says nothing of the execution: the same attempt of the same function is the same in every run.
package struct ProbedAttempt: Hashable, Sendable {
    package var function: String
    /// The step's path in its execution.
    package var path: String
    package var name: String?
    /// From 1.
    package var number: Int
    package var isAtMostOnce: Bool

    package init(function: String, path: String, name: String?, number: Int, isAtMostOnce: Bool) {
        self.function = function
        self.path = path
        self.name = name
        self.number = number
        self.isAtMostOnce = isAtMostOnce
    }

    /// The attempt whose body runs; known where there is a ``HandlerProbe``.
    @TaskLocal package static var current: ProbedAttempt?
}

extension HandlerRun {
    /// - Parameter updates: What the handler records there.
    @inline(__always)
    nonisolated(nonsending) func reach(_ point: HandlerPoint, _ updates: [OperationUpdate] = []) async {
        if let probe = environment.probe { await tell(probe, of: point, updates) }
    }

    @inline(never)
    private nonisolated(nonsending) func tell(
        _ probe: any HandlerProbe, of point: HandlerPoint, _ updates: [OperationUpdate]
    ) async {
        // A handler that has been taken back, or is being unwound, records nothing any more.
        guard !isSuspending else { return }
        let ended = updates.filter { $0.identity.type == .step && $0.action != .start }.map(\.identity.id.rawValue)
        await probe.reach(point, place(endedSteps: ended))
    }

    /// Runs the body of a step, and lets a probe know whose it is.
    @inline(__always)
    nonisolated(nonsending) func probed<Result>(
        _ step: StepContext, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        guard let probe = environment.probe else { return try await body() }
        return try await telling(probe, of: step, body)
    }

    @inline(never)
    private nonisolated(nonsending) func telling<Result>(
        _ probe: any HandlerProbe, of step: StepContext, _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        let attempt = ProbedAttempt(
            function: execution.function, path: step.identity.id.rawValue, name: step.identity.name,
            number: step.attempt, isAtMostOnce: step.semantics == .atMostOncePerRetry)
        await probe.reach(.insideStep, place(attempt: attempt))
        return try await ProbedAttempt.$current.withValue(attempt) { try await body() }
    }

    private func place(endedSteps: [String] = [], attempt: ProbedAttempt? = nil) -> HandlerPlace {
        HandlerPlace(
            execution: execution.id, function: execution.function, invocation: requestID, endedSteps: endedSteps,
            attempt: attempt)
    }
}
