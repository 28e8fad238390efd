import Indelible

struct Order: Codable {
    var id: Int
    var amount: Int
}

struct Authorization: Codable {
    var code: String
}

struct Approval: Codable {
    var granted: Bool
    var by: String
}

struct Receipt: Codable {
    var authorization: Authorization
}

struct Declined: Error {
    var by: String
}

struct Gateway {
    func authorize(_ order: Order, idempotencyKey: String) async throws -> Authorization {
        Authorization(code: "\(order.id)/\(idempotencyKey)")
    }

    func capture(_ authorization: Authorization) async throws -> Receipt {
        Receipt(authorization: authorization)
    }
}

actor Desk {
    private var open: [CallbackID] = []

    func ask(for order: Order, callback: CallbackID) {
        open.append(callback)
    }
}

let gateway = Gateway()
let desk = Desk()

// The first example of the documentation.
let pay = DurableFunction("pay") { (order: Order, context: DurableContext) in
    let auth = try await context.step("authorize", retry: .exponential(maxAttempts: 4)) { step in
        try await gateway.authorize(order, idempotencyKey: step.idempotencyKey)
    }
    if order.amount > 1_000 {
        let approval: Approval = try await context.waitForCallback("approval", timeout: .days(3)) { id, _ in
            await desk.ask(for: order, callback: id)
        }
        guard approval.granted else { throw Declined(by: approval.by) }
    }
    try await context.wait("settlement window", for: .hours(24))
    return try await context.step("capture") { _ in try await gateway.capture(auth) }
}

func runPayments(_ order: Order) async throws -> Receipt {
    let engine = try await DurableEngine.open(at: "payments.log", functions: [pay])
    let execution = try await engine.start(pay, input: order, name: "order-\(order.id)")
    let receipt = try await execution.result()
    try await engine.close()
    return receipt
}
