// A task of its own outlives the handler and runs beside it.
import Indelible

let leak = DurableFunction("leak") { (context: DurableContext) in
    Task { try await context.step("late") { _ in } }  // error: risks causing data races
    try await context.wait(for: .seconds(1))
}
