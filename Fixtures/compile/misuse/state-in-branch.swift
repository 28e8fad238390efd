// Branches run at the same time, and in an order that no replay repeats.
import Indelible

final class Total {
    var sum = 0
}

func total(_ context: DurableContext) async throws -> Int {
    let total = Total()
    try await context.map([1, 2]) { item, branch in
        total.sum += try await branch.step { _ in item }  // error: capture of 'total' with non-Sendable
    }.throwIfError()
    return total.sum
}
