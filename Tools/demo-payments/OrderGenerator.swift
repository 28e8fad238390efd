/// Makes the orders of `Fixtures/orders/orders.jsonl`: the same count and seed give the same bytes.
package struct OrderGenerator {
    private var random: SplitMix64

    package init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    private static let markets: [(country: String, currency: String)] = [
        ("AT", "EUR"), ("BE", "EUR"), ("CH", "CHF"), ("DE", "EUR"), ("DK", "DKK"), ("ES", "EUR"), ("FR", "EUR"),
        ("GB", "GBP"), ("IE", "EUR"), ("IT", "EUR"), ("NL", "EUR"), ("NO", "NOK"), ("PL", "PLN"), ("SE", "SEK"),
        ("US", "USD"), ("XX", "USD"),
    ]

    private static let names = [
        "ada", "alan", "barbara", "butler", "donald", "edsger", "frances", "grace", "jim", "john", "ken", "leslie",
        "margaret", "niklaus", "radia", "tony",
    ]

    /// `count` orders, numbered from `order-000001`.
    package mutating func orders(count: Int) -> [Order] {
        (1...count).map { number in
            let market = Self.markets.randomElement(using: &random)!
            let name = Self.names.randomElement(using: &random)!
            let digits = String(number)
            return Order(
                id: "order-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits,
                amount: amount(), currency: market.currency, country: market.country, cardToken: cardToken(),
                email: "\(name).\(number)@example.com")
        }
    }

    /// Mostly small, a few large: one in twelve needs an approval.
    private mutating func amount() -> Int {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: Int.random(in: (PaymentRules.approvalLimit + 1)...400_000, using: &random)
        case 1...4: Int.random(in: 10_000...PaymentRules.approvalLimit, using: &random)
        default: Int.random(in: 199...9_999, using: &random)
        }
    }

    private mutating func cardToken() -> String {
        let prefix =
            switch Int.random(in: 0..<40, using: &random) {
            case 0...1: CardBehavior.declined.tokenPrefix
            case 2: CardBehavior.captureRefused.tokenPrefix
            case 3: CardBehavior.settlementRefused.tokenPrefix
            default: CardBehavior.good.tokenPrefix
            }
        let bits = String(random.next(), radix: 16)
        return prefix + String(repeating: "0", count: 16 - bits.count) + bits
    }
}
