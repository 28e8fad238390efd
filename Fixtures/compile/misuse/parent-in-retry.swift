// An attempt makes its calls on the context that it is given.
import Indelible

func again(_ context: DurableContext) async throws -> Int {
    try await context.withRetry("again") { attempt, inner in
        try await inner.wait(for: .seconds(attempt))
        return try await context.step("outer") { _ in attempt }  // error: capture of 'context' with non-Sendable
    }
}
