/// One line of an orders file: what a customer asks to be charged for.
package struct Order: Codable, Hashable, Sendable {
    /// Names the order's execution, so that starting it twice starts it once: 1 to 64 characters of `[a-zA-Z0-9-_]`.
    package var id: String
    /// In the currency's minor unit (cents), 1 or more.
    package var amount: Int
    /// ISO 4217, three capital letters.
    package var currency: String
    /// Where the customer is: ISO 3166-1, two capital letters.
    package var country: String
    package var cardToken: String
    package var email: String

    package init(id: String, amount: Int, currency: String, country: String, cardToken: String, email: String) {
        self.id = id
        self.amount = amount
        self.currency = currency
        self.country = country
        self.cardToken = cardToken
        self.email = email
    }
}

extension Order {
    /// What is wrong with the order, in words for the one who wrote the line; nil when nothing is.
    package var fault: String? {
        let isName = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        if !isName || !(1...64).contains(id.utf8.count) { return "id must be 1 to 64 of a-z A-Z 0-9 - _" }
        if amount < 1 { return "amount must be 1 or more, in the currency's minor unit" }
        if !Self.isCapitals(currency, count: 3) { return "currency must be three capital letters" }
        if !Self.isCapitals(country, count: 2) { return "country must be two capital letters" }
        if cardToken.isEmpty { return "cardToken must not be empty" }
        if email.isEmpty { return "email must not be empty" }
        return nil
    }

    private static func isCapitals(_ text: String, count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
    }
}
