import DemoPayments
import Indelible

/// The demo's workflow: one durable execution for each order.
///
/// Every effect is a step with the step's own idempotency key: however often the process dies, the gateway sees one request.
/// What has happened and turns out wrong is given back by steps too.
package struct Payment: Sendable {
    private let gateway: any PaymentGateway
    private let desk: any ApprovalDesk

    package init(gateway: any PaymentGateway, desk: any ApprovalDesk) {
        self.gateway = gateway
        self.desk = desk
    }

    package var function: DurableFunction<Order, PaymentResult> {
        DurableFunction("payment", options: FunctionOptions(concurrencyLimit: 64)) { order, context in
            try await pay(order, context)
        }
    }

    private func pay(_ order: Order, _ context: DurableContext) async throws -> PaymentResult {
        do {
            try await call(.authorize, order, context)
        } catch let error as StepError where error.isRefusal {
            return try await end(.declinedByBank, order, context)
        }

        let score = try await context.step("fraud check") { _ in PaymentRules.fraudScore(order) }
        if score >= PaymentRules.fraudLimit {
            try await call(.void, order, context)
            return try await end(.refusedForFraud, order, context)
        }

        if PaymentRules.needsApproval(order), try await !isApproved(order, context) {
            try await call(.void, order, context)
            return try await end(.refusedByDesk, order, context)
        }

        do {
            try await call(.capture, order, context)
        } catch let error as StepError where error.isRefusal {
            try await call(.void, order, context)
            return try await end(.captureRefused, order, context)
        }

        // Days in real life. Nothing of this process waits: the execution is a line in the log until it is due.
        try await context.wait("settlement window", for: .seconds(2))

        do {
            try await call(.settle, order, context)
        } catch let error as StepError where error.isRefusal {
            try await call(.refund, order, context)
            return try await end(.settlementRefused, order, context)
        }
        return try await end(.settled, order, context)
    }

    /// Whether somebody at the desk has said yes. Silence is a no.
    private func isApproved(_ order: Order, _ context: DurableContext) async throws -> Bool {
        do {
            let decision: ApprovalDecision = try await context.waitForCallback("approval", timeout: .days(3)) { id, _ in
                try desk.ask(ApprovalRequest(callback: id.description, order: order))
            }
            return decision.granted
        } catch let error as CallbackError where error.code == .timedOut {
            return false
        }
    }

    private func end(
        _ outcome: PaymentOutcome, _ order: Order, _ context: DurableContext
    ) async throws -> PaymentResult {
        try await call(.notify, order, context)
        return PaymentResult(outcome: outcome, charged: outcome == .settled ? order.amount : 0)
    }

    /// One effect at the gateway: tried again while the gateway is unavailable, with the same key each time.
    /// - Returns: The ledger's reference.
    @discardableResult
    private func call(
        _ operation: GatewayOperation, _ order: Order, _ context: DurableContext
    ) async throws -> String {
        try await context.step(operation.rawValue, retry: Self.whileUnavailable) { step in
            try await gateway.call(operation, order, idempotencyKey: step.idempotencyKey)
        }
    }

    private static let whileUnavailable = RetryPolicy.exponential(
        maxAttempts: 10, initialDelay: .milliseconds(50), maxDelay: .seconds(2)
    ).retrying(only: GatewayUnavailable.self)
}

extension StepError {
    /// The bank said no, and will again.
    fileprivate var isRefusal: Bool { cause.type == "\(GatewayRefusal.self)" }
}
