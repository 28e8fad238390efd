// A child has a saga of its own: the compensations of this one are operations of the outer context.
import Indelible

func trip(_ context: DurableContext) async throws {
    try await context.saga { saga in
        try await context.runInChildContext { child in
            try await saga.step("book") { _ in } compensation: { _ in }  // error: capture of 'saga' with non-Sendable
            try await child.wait(for: .seconds(1))
        }
    }
}
