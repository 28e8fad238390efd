import ExecutionModel
import Testing

@testable import Indelible

@Suite struct SipHash128Tests {
    /// The first vectors of the reference implementation: the message is 0, 1, 2 … and the key is the bytes 0 to 15.
    static let vectors: [(Int, String)] = [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (1, "da87c1d86b99af44347659119b22fc45"),
    ]

    @Test(arguments: vectors)
    func `the reference implementation's vectors come out`(length: Int, digest: String) {
        let key = RandomBits(high: 0x0F0E_0D0C_0B0A_0908, low: 0x0706_0504_0302_0100)
        #expect(SipHash128(of: (0..<UInt8(length)), key: key).hexadecimal == digest)
    }

    @Test func `messages that differ in their last word only differ`() {
        let key = RandomBits(high: 1, low: 2)
        let digests = (0..<64).map { SipHash128(of: "idempotency/\($0)".utf8, key: key).hexadecimal }
        #expect(Set(digests).count == digests.count)
    }
}
