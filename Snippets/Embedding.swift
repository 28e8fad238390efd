import Indelible

struct Order: Codable, Sendable { var id: String, cents: Int }
func bill(_ order: Order, key: String) async throws -> String { "charged-\(order.id)-\(key)" }

let pay = DurableFunction("pay") { (order: Order, context: DurableContext) in
    let charge = try await context.step("charge", retry: .exponential(maxAttempts: 4)) { step in
        try await bill(order, key: step.idempotencyKey)
    }
    try await context.wait("return period", for: .days(14))  // Costs nothing: no task, no thread, no process.
    return try await context.step("close") { _ in "closed \(charge)" }
}

let engine = try await DurableEngine.open(at: "payments.log", functions: [pay])
let execution = try await engine.start(pay, input: Order(id: "42", cents: 1_999), name: "order-42")
print(try await execution.result())  // In two weeks, however often the program was restarted until then.
