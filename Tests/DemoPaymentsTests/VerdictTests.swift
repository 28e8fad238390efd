import Testing

@testable import DemoPayments

@Suite struct VerdictTests {
    private static let good = order("good", card: "tok_1")
    private static let declined = order("declined", card: "tok_declined_1")

    private static func order(_ prefix: String, card: String) -> Order {
        // The rules draw from the id: take the first that they let through.
        let id = (0...).lazy.map { "\(prefix)-\($0)" }.first { id in
            PaymentRules.fraudScore(Order(id, card)) < PaymentRules.fraudLimit
        }!
        return Order(id, card)
    }

    private static func entries(_ order: Order) -> [LedgerEntry] {
        let outcome = PaymentOutcome.expected(for: order)
        let refused = outcome.refusals.map { ($0, false) }
        let done = outcome.effects.map { ($0, true) }
        return (refused + done).enumerated().map { index, effect in
            LedgerEntry(
                number: index + 1,
                request: GatewayRequest(
                    id: 0, operation: effect.0, order: order.id, idempotencyKey: "\(order.id)-\(index)",
                    amount: order.amount, currency: order.currency, cardToken: order.cardToken),
                approved: effect.1)
        }
    }

    private static func result(_ order: Order) -> (order: String, result: PaymentResult?) {
        let outcome = PaymentOutcome.expected(for: order)
        return (order.id, PaymentResult(outcome: outcome, charged: outcome == .settled ? order.amount : 0))
    }

    private static let orders = [good, declined]

    @Test func `three witnesses that agree are no disagreement`() {
        let verdict = Verdict(
            orders: Self.orders, payments: Self.orders.map(Self.result),
            ledger: Self.orders.flatMap(Self.entries))
        #expect(verdict.disagreements == [])
        #expect(verdict.captures == 1)
        #expect(verdict.capturesOfApproved == 1...1)
        #expect(verdict.capturesOfDeclined == 0...0)
    }

    @Test func `a second capture of an order is found`() {
        var ledger = Self.orders.flatMap(Self.entries)
        var capture = ledger.first { $0.operation == .capture }!
        capture.idempotencyKey = "another"
        ledger.append(capture)
        let verdict = Verdict(orders: Self.orders, payments: Self.orders.map(Self.result), ledger: ledger)
        #expect(verdict.disagreements.count == 1)
        #expect(verdict.capturesOfApproved == 2...2)
    }

    @Test func `two effects of one key are found`() {
        var ledger = Self.orders.flatMap(Self.entries)
        ledger.append(ledger.first { $0.operation == .notify }!)
        let verdict = Verdict(orders: Self.orders, payments: Self.orders.map(Self.result), ledger: ledger)
        #expect(verdict.disagreements.contains { $0.contains("had 2 effects") })
    }

    @Test func `a missing effect, an effect of nobody and a lost payment are found`() {
        var ledger = Self.orders.flatMap(Self.entries)
        ledger.removeAll { $0.operation == .settle }
        var stranger = ledger[0]
        stranger.order = "stranger"
        ledger.append(stranger)
        let verdict = Verdict(orders: Self.orders, payments: [Self.result(Self.good)], ledger: ledger)
        #expect(verdict.disagreements.contains { $0.hasPrefix(Self.good.id) && $0.contains("the gateway did") })
        #expect(verdict.disagreements.contains { $0.hasPrefix("stranger") })
        #expect(verdict.disagreements.contains { $0.hasPrefix(Self.declined.id) && $0.contains("no result") })
    }

    @Test func `a capture for a declined order is found`() {
        var ledger = Self.orders.flatMap(Self.entries)
        var capture = ledger.first { $0.operation == .capture }!
        capture.order = Self.declined.id
        capture.idempotencyKey = "another"
        ledger.append(capture)
        let verdict = Verdict(orders: Self.orders, payments: Self.orders.map(Self.result), ledger: ledger)
        #expect(verdict.capturesOfDeclined == 1...1)
        #expect(!verdict.disagreements.isEmpty)
    }
}

extension Order {
    fileprivate init(_ id: String, _ cardToken: String) {
        self.init(
            id: id, amount: 1_000, currency: "EUR", country: "DE", cardToken: cardToken, email: "a@example.com")
    }
}
