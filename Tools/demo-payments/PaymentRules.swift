/// What the card behind a token does. The gateway reads it off the token, as a real gateway's test cards do.
package enum CardBehavior: CaseIterable, Sendable {
    case good, declined, captureRefused, settlementRefused

    package var tokenPrefix: String {
        switch self {
        case .good: "tok_"
        case .declined: "tok_declined_"
        case .captureRefused: "tok_capturefails_"
        case .settlementRefused: "tok_chargeback_"
        }
    }

    /// The behaviour with the longest prefix that fits; any other token is a good card.
    package init(cardToken: String) {
        self = Self.allCases.filter { $0 != .good }.first { cardToken.hasPrefix($0.tokenPrefix) } ?? .good
    }
}

/// The rules of the house: pure functions, so that the driver knows what must become of an order without asking anyone.
package enum PaymentRules {
    /// Above this, a person decides. In minor units.
    package static let approvalLimit = 100_000

    /// From 0 to 100; at `fraudLimit` and above the order is refused.
    package static func fraudScore(_ order: Order) -> Int {
        var score = draw(order.id, seed: 0xF4A0D, below: 60)
        if order.country == "XX" { score += 50 }
        if order.amount > PaymentRules.approvalLimit * 2 { score += 10 }
        return min(score, 100)
    }

    package static let fraudLimit = 70

    /// What the demo's desk says when it is asked: one in five is refused.
    package static func deskGrants(orderID: String) -> Bool {
        draw(orderID, seed: 0xDE5C, below: 5) != 0
    }

    package static func needsApproval(_ order: Order) -> Bool {
        order.amount > approvalLimit
    }

    private static func draw(_ text: String, seed: UInt64, below limit: UInt64) -> Int {
        var random = SplitMix64(seed: seed, text: text)
        return Int(random.next() % limit)
    }
}

/// How a payment ends. The worker returns it, the driver expects it.
package enum PaymentOutcome: String, Codable, CaseIterable, Sendable {
    case settled
    case declinedByBank
    /// Authorised, then given back: void.
    case refusedForFraud, refusedByDesk, captureRefused
    /// Captured, then given back: refund.
    case settlementRefused

    package static func expected(for order: Order) -> PaymentOutcome {
        let card = CardBehavior(cardToken: order.cardToken)
        if card == .declined { return .declinedByBank }
        if PaymentRules.fraudScore(order) >= PaymentRules.fraudLimit { return .refusedForFraud }
        if PaymentRules.needsApproval(order), !PaymentRules.deskGrants(orderID: order.id) { return .refusedByDesk }
        switch card {
        case .good, .declined: return .settled
        case .captureRefused: return .captureRefused
        case .settlementRefused: return .settlementRefused
        }
    }

    /// What the gateway must have done for an order that ended so, in order; once each. The customer is told in any case.
    package var effects: [GatewayOperation] {
        switch self {
        case .settled: [.authorize, .capture, .settle, .notify]
        case .declinedByBank: [.notify]
        case .refusedForFraud, .refusedByDesk, .captureRefused: [.authorize, .void, .notify]
        case .settlementRefused: [.authorize, .capture, .refund, .notify]
        }
    }

    /// What the bank must have said no to, once.
    package var refusals: [GatewayOperation] {
        switch self {
        case .settled, .refusedForFraud, .refusedByDesk: []
        case .declinedByBank: [.authorize]
        case .captureRefused: [.capture]
        case .settlementRefused: [.settle]
        }
    }
}

/// What a payment comes to, as its execution records it.
package struct PaymentResult: Codable, Hashable, Sendable {
    package var outcome: PaymentOutcome
    /// What the customer paid in the end, in minor units.
    package var charged: Int

    package init(outcome: PaymentOutcome, charged: Int) {
        self.outcome = outcome
        self.charged = charged
    }
}
