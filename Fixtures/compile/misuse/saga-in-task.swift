// A saga belongs to its context, as which it stays in its handler.
import Indelible

func trip(_ context: DurableContext) async throws {
    try await context.saga { saga in
        Task { saga.compensate("late") { _ in } }  // error: risks causing data races
        try await context.wait(for: .seconds(1))
    }
}
