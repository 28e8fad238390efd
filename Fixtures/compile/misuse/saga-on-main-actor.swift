// A context never gets onto an actor, nor does what belongs to it.
import Indelible

@MainActor func undo(_ saga: Saga) async throws {}

func trip(_ context: DurableContext) async throws {
    try await context.saga { saga in
        try await undo(saga)  // error: sending 'saga' risks causing data races
        try await saga.step("one") { _ in } compensation: { _ in }
    }
}
