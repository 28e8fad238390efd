// Branches that share a context; each needs its own.
import Indelible

func race(_ context: DurableContext) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
        group.addTask { try await context.step("first") { _ in 1 } }  // error: risks causing data races
        group.addTask { try await context.step("second") { _ in 2 } }  // error: risks causing data races
        return try await group.reduce(0, +)
    }
}
