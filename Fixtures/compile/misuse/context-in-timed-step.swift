// A body that may be given up runs in a task of its own: it may go on beside the next operation.
import Indelible

func slow(_ context: DurableContext) async throws -> Int {
    try await context.step("slow", timeout: .minutes(1)) { _ in
        Int(context.now.timeIntervalSince1970)  // error: capture of 'context' with non-Sendable
    }
}
