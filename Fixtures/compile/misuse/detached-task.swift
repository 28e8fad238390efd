import Indelible

func leak(_ context: DurableContext) async throws {
    let task = Task.detached { try await context.step("late") { _ in 1 } }  // error: risks causing data races
    _ = try await context.step("beside it") { _ in 2 }
    _ = try await task.value
}
