// Two steps of one saga at once.
import Indelible

func trip(_ context: DurableContext) async throws {
    try await context.saga { saga in
        async let one: Void = saga.step("one") { _ in } compensation: { _ in }  // error: risks causing data races
        try await saga.step("two") { _ in } compensation: { _ in }
        try await one
    }
}
