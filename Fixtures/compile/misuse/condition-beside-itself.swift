// What waits at the same time has to be branches.
import Indelible

func both(_ context: DurableContext) async throws -> Int {
    async let first = context.waitForCondition(  // error: sending 'context' risks causing data races
        from: 0, poll: .until({ $0 > 1 }, every: .seconds(1))
    ) { state, _ in state + 1 }
    try await context.wait(for: .seconds(1))
    return try await first
}
