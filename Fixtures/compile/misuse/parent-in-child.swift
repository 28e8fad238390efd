// The parent's counter would depend on what the child does.
import Indelible

func group(_ context: DurableContext) async throws -> Int {
    try await context.runInChildContext("child") { child in
        let inner = try await child.step("inner") { _ in 1 }
        return try await context.step("outer") { _ in inner }  // error: capture of 'context' with non-Sendable
    }
}
