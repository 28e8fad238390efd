import DemoPayments
import Indelible
import IndelibleTesting
import Synchronization
import Testing

@testable import DemoWorkflow

/// The demo's payment, interrupted at each of its durable boundaries: for every way in which a payment can end.
@Suite(.bothWays) struct PaymentTests {
    static let outcomes: [(PaymentOutcome, Order)] = PaymentOutcome.allCases.map { ($0, order(endingAs: $0)) }

    /// The first generated order that must end so; of those that a person decides on where there is one.
    static func order(endingAs outcome: PaymentOutcome) -> Order {
        let orders = (1...5_000).lazy.map { order(number: $0) }.filter { PaymentOutcome.expected(for: $0) == outcome }
        guard let order = orders.first(where: { PaymentRules.needsApproval($0) }) ?? orders.first else {
            preconditionFailure("no order ends as \(outcome)")
        }
        return order
    }

    private static func order(number: Int) -> Order {
        let card = CardBehavior.allCases[number % CardBehavior.allCases.count]
        return Order(
            id: "order-\(number)", amount: number % 2 == 0 ? 150_000 : 4_200, currency: "EUR",
            country: number % 7 == 0 ? "XX" : "DE", cardToken: "\(card.tokenPrefix)\(number)", email: "a@example.com")
    }

    private static func decision(_ order: Order) -> ApprovalDecision {
        ApprovalDecision(
            callback: "", order: order.id, granted: PaymentRules.deskGrants(orderID: order.id), by: "desk")
    }

    @Test(arguments: outcomes)
    func `a payment comes to the same end, with the same effects, wherever it is interrupted`(
        outcome: PaymentOutcome, order: Order
    ) async throws {
        let decision = Self.decision(order)
        let report = try await crashEverywhere(
            input: order, seed: 5, answers: [.complete("approval", with: decision)]
        ) { effects in
            Payment(gateway: LedgerGateway(effects), desk: NotedDesk(effects: effects)).function
        }
        #expect(report.pointCount > 12)
    }

    @Test(arguments: outcomes)
    func `a payment ends as its order must`(outcome: PaymentOutcome, order: Order) async throws {
        let gateway = LedgerGateway(nil)
        let payment = Payment(gateway: gateway, desk: NotedDesk(effects: nil)).function
        let test = try await TestEngine(functions: [payment])
        let execution = try await test.engine.start(payment, input: order)
        await test.settle()
        if try await execution.history().contains(.started("approval")) {
            try await test.complete(callback: "approval", of: execution.id, with: Self.decision(order))
        }
        let result = try await execution.result()
        #expect(result.outcome == outcome)
        #expect(gateway.approved == outcome.effects)
    }

    @Test func `a payment that nobody decides on is given back`() async throws {
        let gateway = LedgerGateway(nil)
        let payment = Payment(gateway: gateway, desk: NotedDesk(effects: nil)).function
        let test = try await TestEngine(functions: [payment])
        let order = Self.order(endingAs: .refusedByDesk)
        let execution = try await test.engine.start(payment, input: order)
        #expect(try await execution.result().outcome == .refusedByDesk)
        #expect(gateway.approved == PaymentOutcome.refusedByDesk.effects)
    }
}

/// A gateway with a ledger in memory: one effect for each key.
private final class LedgerGateway: PaymentGateway {
    private let effects: Effects?
    private let ledger = Mutex<[String: (operation: GatewayOperation, approved: Bool)]>([:])
    private let order = Mutex<[GatewayOperation]>([])

    init(_ effects: Effects?) {
        self.effects = effects
    }

    /// What was done, in order.
    var approved: [GatewayOperation] { order.withLock { $0 } }

    func call(_ operation: GatewayOperation, _ order: Order, idempotencyKey: String) async throws -> String {
        let card = CardBehavior(cardToken: order.cardToken)
        let isRefused =
            switch (operation, card) {
            case (.authorize, .declined), (.capture, .captureRefused), (.settle, .settlementRefused): true
            default: false
            }
        let isNew = ledger.withLock { $0.updateValue((operation, !isRefused), forKey: idempotencyKey) == nil }
        if isNew, !isRefused { self.order.withLock { $0.append(operation) } }
        effects?.note("\(operation) \(idempotencyKey)")
        if isRefused { throw GatewayRefusal(description: "\(operation) refused") }
        return "\(operation)-\(order.id)"
    }
}

private struct NotedDesk: ApprovalDesk {
    let effects: Effects?

    func ask(_ request: ApprovalRequest) throws {
        effects?.note("ask about \(request.order)")
    }
}
