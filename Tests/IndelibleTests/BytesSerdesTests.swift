import Foundation
import Indelible
import Testing

@Suite struct BytesSerdesTests {
    static let cases: [[UInt8]] = [[], [0], [0xFF, 0xFE], Array("text \"quoted\" 🎉".utf8), Array("null".utf8)]

    @Test(arguments: cases)
    func `bytes pass as they are, both ways`(bytes: [UInt8]) throws {
        #expect(try BytesSerdes().encode(bytes) == bytes)
        #expect(try BytesSerdes().decode([UInt8].self, from: bytes) == bytes)
        #expect(try BytesSerdes().encode(Data(bytes)) == bytes)
        #expect(try BytesSerdes().decode(Data.self, from: bytes) == Data(bytes))
    }

    @Test(arguments: ["", "plain", "ünï©ødé 🎉", "\"quoted\"", "line\nfeed\u{0}"])
    func `a text is its UTF-8, without quotes`(text: String) throws {
        #expect(try BytesSerdes().encode(text) == Array(text.utf8))
        #expect(try BytesSerdes().decode(String.self, from: Array(text.utf8)) == text)
    }

    @Test func `no bytes are empty ones`() throws {
        #expect(try BytesSerdes().decode([UInt8].self, from: nil) == [])
        #expect(try BytesSerdes().decode(String.self, from: nil) == "")
    }

    @Test func `what has no bytes of its own is refused, and so are bytes that are no text`() {
        #expect(throws: SerdesError.self) { try BytesSerdes().encode(7) }
        #expect(throws: SerdesError.self) { try BytesSerdes().decode(Int.self, from: [7]) }
        #expect(throws: SerdesError.self) { try BytesSerdes().decode(String.self, from: [0xFF]) }
    }
}
