// flags: -default-isolation MainActor
// The context does not leave the handler's isolation.
import Indelible

func reserve(_ context: DurableContext) async throws {
    try await context.wait(for: .seconds(1))
}

let pay = DurableFunction("pay") { (amount: Int, context: DurableContext) in
    try await reserve(context)  // error: sending 'context' risks causing data races
    return try await context.step { _ in amount }
}
