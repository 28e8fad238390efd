import Testing

@testable import LogStorage

@Suite struct VarintTests {
    static let vectors: [(UInt64, [UInt8])] = [
        (0, [0]), (1, [1]), (127, [0x7F]), (128, [0x80, 1]), (300, [0xAC, 2]), (16_383, [0xFF, 0x7F]),
        (16_384, [0x80, 0x80, 1]), (1 << 63, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]),
        (.max, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]),
    ]

    static func decode(_ bytes: [UInt8]) throws(Varint.Failure) -> (UInt64, end: Int) {
        var offset = 0
        let value = try Varint.decode(bytes.span.bytes, at: &offset)
        return (value, offset)
    }

    @Test(arguments: vectors)
    func `an integer has its shortest form`(value: UInt64, bytes: [UInt8]) throws {
        var target = [UInt8](repeating: 0xAA, count: 10)
        let length = target.withUnsafeMutableBytes { target in
            Varint.encode(value, to: target.baseAddress!) - target.baseAddress!
        }
        #expect(Array(target.prefix(length)) == bytes)
        #expect(try Self.decode(bytes + [0xFF]) == (value, bytes.count))
        for cut in bytes.indices {
            #expect(throws: Varint.Failure.truncated) { try Self.decode(Array(bytes.prefix(cut))) }
        }
    }

    @Test(
        arguments: [
            [0x80, 0], [0xFF, 0x80, 0],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 2],
            [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x81, 0],
        ] as [[UInt8]])
    func `a longer form and a larger integer are refused`(bytes: [UInt8]) {
        #expect(throws: Varint.Failure.malformed) { try Self.decode(bytes) }
    }

    @Test(arguments: [(0, 0), (-1, 1), (1, 2), (.max, .max - 1), (.min, .max)] as [(Int64, UInt64)])
    func `small integers of either sign are small unsigned ones`(value: Int64, zigzagged: UInt64) {
        #expect(Varint.zigzag(value) == zigzagged)
        #expect(Varint.unzigzag(zigzagged) == value)
    }
}
