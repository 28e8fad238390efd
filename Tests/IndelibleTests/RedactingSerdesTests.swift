import Indelible
import Testing

@Suite struct RedactingSerdesTests {
    struct Card: Codable, Equatable {
        var number: String
        var cvc: Int
        var tags: [String]
        var isDebit: Bool
    }
    struct Order: Codable, Equatable {
        var id: String
        var cards: [Card]
        var number: String
    }

    static let order = Order(
        id: "o,1}", cards: [Card(number: "4111 \"1\"", cvc: 123, tags: ["a", "b"], isDebit: true)], number: "7")

    static let cases: [([String], String)] = [
        (
            ["number"],
            #"{"cards":[{"cvc":123,"isDebit":true,"number":"***","tags":["a","b"]}],"id":"o,1}","number":"***"}"#
        ),
        (
            ["cards.number", "cards.cvc"],
            #"{"cards":[{"cvc":0,"isDebit":true,"number":"***","tags":["a","b"]}],"id":"o,1}","number":"7"}"#
        ),
        (
            ["cards"],
            #"{"cards":[{"cvc":0,"isDebit":false,"number":"***","tags":["***","***"]}],"id":"o,1}","number":"7"}"#
        ),
        (
            ["nothing"],
            #"{"cards":[{"cvc":123,"isDebit":true,"number":"4111 \"1\"","tags":["a","b"]}],"id":"o,1}","number":"7"}"#
        ),
    ]

    @Test(arguments: cases)
    func `chosen fields are blanked and the rest stays`(fields: [String], json: String) throws {
        let serdes = RedactingSerdes(fields: fields)
        let bytes = try #require(try serdes.encode(Self.order))
        #expect(String(decoding: bytes, as: UTF8.self) == json)
        #expect(try serdes.decode(Order.self, from: bytes).id == "o,1}")
    }
}
