import Indelible
import IndelibleTesting
import Testing

@Test func `a payment survives every interruption`() async throws {
    try await crashEverywhere(input: "order-42") { effects in
        DurableFunction("pay") { (order: String, context: DurableContext) in
            try await context.step("charge") { step in effects.note("charge \(order), key \(step.idempotencyKey)") }
            try await context.wait("return period", for: .days(14))
        }
    }
}
