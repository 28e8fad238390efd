// Branches run beside each other: each has a context of its own.
import Indelible

func branches(_ context: DurableContext) async throws -> [Int] {
    try await context.parallel("both") {
        DurableBranch("one") { branch in
            try await branch.wait(for: .seconds(1))
            return try await context.step("outer") { _ in 2 }  // error: capture of 'context' with non-Sendable
        }
    }.results
}
