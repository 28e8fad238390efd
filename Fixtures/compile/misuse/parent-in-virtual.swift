// Without a record of its own a context is a context all the same: its operations number themselves.
import Indelible

func group(_ context: DurableContext) async throws -> Int {
    try await context.runInVirtualContext { group in
        let inner = try await group.step("inner") { _ in 1 }
        return try await context.step("outer") { _ in inner }  // error: capture of 'context' with non-Sendable
    }
}
