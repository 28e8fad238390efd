/// Watches a handler come to its durable boundaries, for tests that interrupt it there.
package protocol HandlerProbe: Sendable {
    /// The handler goes on when this returns.
    nonisolated(nonsending) func reach(_ point: HandlerPoint) async
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
}

/// The step whose body runs; known where there is a ``HandlerProbe``.
package enum ProbedStep {
    @TaskLocal package static var current: StepContext?
}

extension HandlerRun {
    @inline(__always)
    nonisolated(nonsending) func reach(_ point: HandlerPoint) async {
        if let probe = environment.probe { await probe.reach(point) }
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
        await probe.reach(.insideStep)
        return try await ProbedStep.$current.withValue(step) { try await body() }
    }
}
