// A callback belongs to the context that made it.
import Indelible

func ask(_ context: DurableContext) async throws -> Int {
    let callback = try await context.createCallback(of: Int.self)
    return try await context.runInChildContext { child in
        try await child.wait(for: .seconds(1))
        return try await callback.result()  // error: capture of 'callback' with non-Sendable
    }
}
