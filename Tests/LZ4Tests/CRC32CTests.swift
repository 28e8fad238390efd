import CStorage
import Testing

/// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
@Suite struct CRC32CTests {
    static let vectors: [([UInt8], UInt32)] = [
        ([], 0),
        (Array("123456789".utf8), 0xE306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0..<32), 0x46DD_794E),
        ((0..<32).reversed(), 0x113F_DB5C),
    ]

    @Test(arguments: vectors)
    func `the published vectors hold`(bytes: [UInt8], checksum: UInt32) {
        #expect(indelible_crc32c(0, bytes, bytes.count) == checksum)
        #expect(indelible_crc32c_portable(0, bytes, bytes.count) == checksum)
    }

    /// Around the ends of the three-stream loops: 768 and 24,576 bytes.
    @Test(arguments: [1, 7, 8, 9, 767, 768, 769, 1_543, 24_575, 24_576, 24_577, 50_001, 100_000])
    func `the instruction and the portable code agree at any length and alignment`(length: Int) {
        let bytes = BlockCompressorTests.noise(length + 8)
        bytes.withUnsafeBytes { bytes in
            for start in 0..<8 {
                let part = bytes.baseAddress! + start
                #expect(indelible_crc32c(1, part, length) == indelible_crc32c_portable(1, part, length))
            }
        }
    }

    @Test(arguments: [0, 1, 800, 30_000])
    func `a checksum taken in parts is the checksum of the whole`(split: Int) {
        let bytes = BlockCompressorTests.noise(60_000)
        bytes.withUnsafeBytes { bytes in
            let first = indelible_crc32c(0, bytes.baseAddress, split)
            let whole = indelible_crc32c(0, bytes.baseAddress, bytes.count)
            #expect(indelible_crc32c(first, bytes.baseAddress! + split, bytes.count - split) == whole)
        }
    }
}
