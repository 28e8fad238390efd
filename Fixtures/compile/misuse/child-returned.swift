// A child's context ends with it.
import Indelible

func keep(_ context: DurableContext) async throws -> DurableContext {
    try await context.runInChildContext { child in child }  // error: cannot convert
}
