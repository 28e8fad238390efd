import Testing

@testable import LogStorage

@Suite struct SegmentDictionaryTests {
    @Test func `the built-in dictionary fits a segment's header`() {
        let byteCount = SegmentDictionary.builtIn.bytes.count
        #expect((2_048...FormatLimits.dictionaryByteCountMax).contains(byteCount))
    }

    @Test(
        arguments: [
            #"{"amount":4999,"currency":"EUR","id":"order-000042","status":"captured"}"#,
            #"{"authorizationID":"auth_8f3a","status":"authorized"}"#,
            #"{"approved":true,"by":"maria@example.com"}"#,
        ])
    func `a lone payment result is stored in two thirds of its bytes`(result: String) throws {
        let bytes = FrameSamples.encode(FrameSamples.batch([Array(result.utf8)]))
        let header = try #require(try FrameSamples.frames(bytes).first).header
        #expect(header.codec == .lz4)
        #expect(header.storedLength * 3 <= header.rawLength * 2)
    }
}
