// Items run beside each other: each has a context of its own.
import Indelible

func all(_ context: DurableContext) async throws -> [Int] {
    try await context.map("all", [1, 2, 3]) { number, branch in
        try await branch.wait(for: .seconds(number))
        return try await context.step("outer") { _ in number }  // error: capture of 'context' with non-Sendable
    }.results
}
