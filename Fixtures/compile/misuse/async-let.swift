// Two operations of one context at once would be recorded in an order that changes from run to run.
import Indelible

func both(_ context: DurableContext) async throws -> Int {
    async let first = context.step("first") { _ in 1 }  // error: sending 'context' risks causing data races
    let second = try await context.step("second") { _ in 2 }
    return try await first + second
}
