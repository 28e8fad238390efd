/// What a measured step returns: about 60 bytes of JSON, as varied as a real one, since the log compresses what repeats.
struct Receipt: Codable, Sendable {
    var amount: Int
    var currency: String
    var id: String
    var ok: Bool

    static func random() -> Receipt {
        Receipt(
            amount: Int.random(in: 100...99_999), currency: ["EUR", "GBP", "USD"].randomElement()!,
            id: "tx_" + String(UInt64.random(in: .min ... .max), radix: 16), ok: true)
    }
}
