// Branches run at the same time: the outer context makes one call at a time.
import Indelible

func branches(_ context: DurableContext) async throws -> [Int] {
    try await context.parallel("both") {
        DurableBranch { branch in try await branch.step { _ in 1 } }
        DurableBranch { _ in try await context.step { _ in 2 } }  // error: capture of 'context' with non-Sendable
    }.results
}

func items(_ context: DurableContext) async throws -> [Int] {
    try await context.map([1, 2]) { item, _ in
        try await context.step { _ in item }  // error: capture of 'context' with non-Sendable
    }.results
}
