import Testing

@testable import ExecutionModel

@Suite struct SipHash128Tests {
    /// Of the reference implementation's `vectors_sip128`: the message is 0, 1, 2 … and the key is the bytes 0 to 15.
    static let vectors: [(Int, String)] = [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (1, "da87c1d86b99af44347659119b22fc45"),
        (7, "a1f1ebbed8dbc153c0b84aa61ff08239"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (9, "264499060ad9baabc47f8b02bb6d71ed"),
        (15, "5493e99933b0a8117e08ec0f97cfc3d9"),
        (16, "6ee2a4ca67b054bbfd3315bf85230577"),
        (63, "5150d1772f50834a503e069a973fbd7c"),
    ]

    @Test(arguments: vectors)
    func `the reference implementation's vectors come out`(length: Int, digest: String) {
        let key = RandomBits(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)
        #expect(SipHash128(of: 0..<UInt8(length), key: key).digest.description == digest)
        #expect(SipHash128(of: Array(0..<UInt8(length)), key: key).digest.description == digest)
    }

    @Test(arguments: 0...40)
    func `bytes that lie together give the same as any sequence of them`(length: Int) {
        let message = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 151 &+ 200) }
        #expect(
            SipHash128(of: message, key: EventVectors.secret).digest
                == SipHash128(of: AnySequence(message), key: EventVectors.secret).digest)
    }

    @Test func `messages that differ in their last word only differ`() {
        let digests = (0..<64).map { SipHash128(of: "idempotency/\($0)".utf8, key: EventVectors.secret).digest }
        #expect(Set(digests).count == digests.count)
    }

    @Test func `a numbered message ends in four little-endian bytes`() {
        let bytes = Array("callback".utf8) + [0x04, 0x03, 0x02, 0x01]
        #expect(
            SipHash128(of: "callback", numbered: 0x0102_0304, key: EventVectors.secret).digest
                == SipHash128(of: bytes, key: EventVectors.secret).digest)
    }
}
