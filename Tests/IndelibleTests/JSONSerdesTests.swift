import Foundation
import Indelible
import Testing

@Suite struct JSONSerdesTests {
    struct Order: Codable, Equatable {
        var id: String
        var amount: Int
        var placed: Date
        var note: String?
    }

    static func text(_ value: some Encodable) throws -> String? {
        try JSONSerdes().encode(value).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func `keys are sorted, slashes plain, dates in milliseconds`() throws {
        let order = Order(id: "a/b", amount: 7, placed: Date(timeIntervalSince1970: 1_764_581_400.0304), note: nil)
        #expect(try Self.text(order) == #"{"amount":7,"id":"a/b","placed":"2025-12-01T09:30:00.030Z"}"#)
    }

    @Test func `strings, numbers, booleans and null are plain JSON, as every SDK records them`() throws {
        #expect(try Self.text("s") == #""s""#)
        #expect(try Self.text(1) == "1")
        #expect(try Self.text(-2.5) == "-2.5")
        #expect(try Self.text(3.0) == "3")
        #expect(try Self.text(true) == "true")
        #expect(try Self.text(String?.none) == "null")
        #expect(try Self.text(["a", nil]) == #"["a",null]"#)
    }

    @Test(arguments: ["", "plain", "ünï©ødé 🎉", "quote \" backslash \\ slash /", "line\nfeed\u{1}", "\u{7F}\u{2028}"])
    func `a string's own path gives Foundation's bytes and reads them`(string: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let bytes = try JSONSerdes().encode(string)
        #expect(try bytes == Array(encoder.encode(string)))
        #expect(try JSONSerdes().decode(String.self, from: bytes) == string)
    }

    @Test(arguments: [
        0, -0.0, 1, -1.5, 0.1, 1e20, 1e-20, 123_456_789.125, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
    ])
    func `a double's own path gives Foundation's bytes and reads them`(double: Double) throws {
        let bytes = try JSONSerdes().encode(double)
        #expect(try bytes == Array(JSONEncoder().encode(double)))
        #expect(try JSONSerdes().decode(Double.self, from: bytes).bitPattern == double.bitPattern)
    }

    @Test(arguments: [0, -1, 42, .min, .max])
    func `integers go both ways`(integer: Int) throws {
        let bytes = try JSONSerdes().encode(integer)
        #expect(bytes == Array("\(integer)".utf8))
        #expect(try JSONSerdes().decode(Int.self, from: bytes) == integer)
    }

    @Test(arguments: ["+1", "007", "1 2", "", "x", "1.5"])
    func `what is no integer in JSON is refused`(text: String) {
        #expect(throws: (any Error).self) { try JSONSerdes().decode(Int.self, from: Array(text.utf8)) }
    }

    @Test func `optionals read no bytes and null as nothing`() throws {
        #expect(try Self.text(Int?.none) == "null")
        #expect(try Self.text(Int?.some(3)) == "3")
        #expect(try JSONSerdes().decode(Int?.self, from: nil) == nil)
        #expect(try JSONSerdes().decode(Int?.self, from: Array("null".utf8)) == nil)
        #expect(try JSONSerdes().decode(Int?.self, from: Array("3".utf8)) == 3)
        #expect(try JSONSerdes().decode(Order?.self, from: nil) == nil)
        #expect(try JSONSerdes().decode(Bool.self, from: Array("true".utf8)))
        #expect(throws: (any Error).self) { try JSONSerdes().decode(Int?.self, from: Array("x".utf8)) }
        #expect(throws: (any Error).self) { try JSONSerdes().decode(Int.self, from: nil) }
    }

    static let dates: [(String, Double?)] = [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.999Z", -0.001),
        ("2024-02-29T12:00:00.5+02:00", 1_709_200_800.5),
        ("2000-02-29T00:00:00-00:30", 951_784_200),
        ("2023-02-29T00:00:00Z", nil),
        ("2023-01-01 00:00:00Z", nil),
        ("2023-01-01T00:00:00", nil),
        ("2023-13-01T00:00:00Z", nil),
        ("2023-01-01T00:00:00.Z", nil),
        ("2023-01-01T24:00:00Z", nil),
    ]

    @Test(arguments: dates)
    func `dates are read with a zone and nothing else`(text: String, seconds: Double?) {
        let json = Array("\"\(text)\"".utf8)
        let date = try? JSONSerdes().decode(Date.self, from: json)
        #expect(date == seconds.map { Date(timeIntervalSince1970: $0) })
    }

    @Test func `a date that was read is written with the same bytes, at every millisecond`() throws {
        for milliseconds in 0..<1_000 {
            let json = Array("\"2025-11-30T23:59:59.\(String(milliseconds + 1_000).dropFirst())Z\"".utf8)
            #expect(try JSONSerdes().encode(JSONSerdes().decode(Date.self, from: json)) == json)
        }
    }

    @Test func `a number that JSON does not have is refused`() {
        #expect(throws: (any Error).self) { try JSONSerdes().encode(Double.nan) }
    }
}
