// flags: -default-isolation MainActor
// A handler runs off the main actor: what it reads must not need it.
import Indelible

struct Order: Codable {
    var amount: Int
}

let pay = DurableFunction("pay") { (order: Order, context: DurableContext) in  // error: main actor-isolated
    try await context.step { _ in order.amount }
}
