import Foundation
import Testing

@testable import DemoPayments

@Suite struct OrderFileTests {
    private static let good =
        #"{"id":"o-1","amount":100,"currency":"EUR","country":"DE","cardToken":"tok_1","email":"a@example.com"}"#

    @Test func `good lines are read in order and empty ones are passed over`() throws {
        let second = Self.good.replacingOccurrences(of: "o-1", with: "o-2")
        let orders = try OrderFile.parse(Data("\(Self.good)\n\n\(second)\r\n".utf8), path: "orders")
        #expect(orders.map(\.id) == ["o-1", "o-2"])
    }

    @Test(
        arguments: [
            ("{", "not a JSON object"),
            (good.replacingOccurrences(of: #""amount":100,"#, with: ""), "no field 'amount'"),
            (good.replacingOccurrences(of: "100", with: #""100""#), "field 'amount' is no Int"),
            (good.replacingOccurrences(of: "100", with: "0"), "amount must be 1 or more, in the currency's minor unit"),
            (good.replacingOccurrences(of: "o-1", with: "a b"), "id must be 1 to 64 of a-z A-Z 0-9 - _"),
            (good.replacingOccurrences(of: "EUR", with: "eur"), "currency must be three capital letters"),
            (good, "id o-1 stands in line 1 already"),
        ] as [(String, String)])
    func `a bad line is named by number and fault, and nothing is read`(line: String, fault: String) {
        #expect(throws: OrderFileError.badLines(path: "orders", [.init(line: 2, text: fault)])) {
            try OrderFile.parse(Data("\(Self.good)\n\(line)\n".utf8), path: "orders")
        }
    }

    @Test func `every bad line is listed`() {
        let error = #expect(throws: OrderFileError.self) { try OrderFile.parse(Data("{\n[\n".utf8), path: "orders") }
        #expect(error?.description.contains("orders:1:") == true)
        #expect(error?.description.contains("orders:2:") == true)
    }

    @Test func `a file without an order is refused`() {
        #expect(throws: OrderFileError.noOrders(path: "orders")) {
            try OrderFile.parse(Data("\n".utf8), path: "orders")
        }
    }
}

@Suite struct OrderGeneratorTests {
    @Test func `the same seed gives the same orders, every outcome among them, and all are valid`() {
        var first = OrderGenerator(seed: 2025)
        var second = OrderGenerator(seed: 2025)
        let orders = first.orders(count: 1_200)
        #expect(orders == second.orders(count: 1_200))
        #expect(orders.allSatisfy { $0.fault == nil })
        #expect(Set(orders.map(PaymentOutcome.expected)) == Set(PaymentOutcome.allCases))
    }
}
