import Testing

@testable import LZ4

@Suite struct BlockCompressorTests {
    static let dictionary = BlockDictionary(Array("{\"amount\":1250,\"currency\":\"EUR\",\"id\":\"order-\"".utf8))

    /// Bytes that LZ4 cannot shorten, the same in every run.
    static func noise(_ count: Int) -> [UInt8] {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
    }

    static func compress(_ source: [UInt8], _ dictionary: BlockDictionary, room: Int? = nil) -> [UInt8]? {
        var compressor = BlockCompressor(dictionary: dictionary)
        var target = [UInt8](repeating: 0xAA, count: room ?? source.count + source.count / 255 + 16)
        let written = target.withUnsafeMutableBytes { target in
            source.withUnsafeBytes { compressor.compress($0, into: target) }
        }
        return written.map { Array(target.prefix($0)) }
    }

    static func decompress(_ source: [UInt8], to count: Int, _ dictionary: BlockDictionary) throws -> [UInt8] {
        var target = [UInt8](repeating: 0, count: count)
        try target.withUnsafeMutableBytes { target in
            try source.withUnsafeBytes { try dictionary.decompress($0, into: target) }
        }
        return target
    }

    @Test(arguments: [1, 2, 12, 13, 63, 64, 4_095, 65_536, 1 << 20])
    func `a block decompresses to what was compressed`(count: Int) throws {
        for source in [Self.noise(count), [UInt8](repeating: 7, count: count)] {
            for dictionary in [Self.dictionary, BlockDictionary([])] {
                let block = try #require(Self.compress(source, dictionary))
                #expect(try Self.decompress(block, to: count, dictionary) == source)
            }
        }
    }

    @Test func `a short body shrinks with a dictionary that knows it`() throws {
        let source = Array("{\"amount\":990,\"currency\":\"EUR\",\"id\":\"order-17\"}".utf8)
        let with = try #require(Self.compress(source, Self.dictionary))
        let without = try #require(Self.compress(source, BlockDictionary([])))
        #expect(with.count * 3 < source.count * 2)
        #expect(without.count >= source.count)
    }

    @Test func `a block depends on its own bytes and the dictionary, not on the blocks before it`() throws {
        let source = Array("{\"amount\":990,\"currency\":\"EUR\"}".utf8)
        let first = Self.compress(source, Self.dictionary)
        var compressor = BlockCompressor(dictionary: Self.dictionary)
        var target = [UInt8](repeating: 0, count: 200_000)
        for other in [Self.noise(100_000), source, Array("order-17".utf8), source] {
            let written = target.withUnsafeMutableBytes { target in
                other.withUnsafeBytes { compressor.compress($0, into: target) }
            }
            if other == source { #expect(written.map { Array(target.prefix($0)) } == first) }
        }
    }

    @Test(arguments: [0, 1, 95])
    func `a block that does not fit is refused`(room: Int) {
        #expect(Self.compress(Self.noise(100), Self.dictionary, room: room) == nil)
    }

    @Test func `a block cut at any byte is refused`() throws {
        let source = Self.noise(40) + [UInt8](repeating: 1, count: 60) + Self.noise(20)
        let block = try #require(Self.compress(source, Self.dictionary))
        for length in 0..<block.count {
            #expect(throws: BlockError.self) {
                try Self.decompress(Array(block.prefix(length)), to: source.count, Self.dictionary)
            }
        }
    }

    @Test func `a block of another length is refused`() throws {
        let block = try #require(Self.compress(Self.noise(100), Self.dictionary))
        #expect(throws: BlockError.lengthMismatch(expected: 101, actual: 100)) {
            try Self.decompress(block, to: 101, Self.dictionary)
        }
        #expect(throws: BlockError.malformed) { try Self.decompress(block, to: 99, Self.dictionary) }
    }

    @Test func `a damaged block never reaches outside its target`() throws {
        let source = Array("{\"amount\":990,\"currency\":\"EUR\",\"id\":\"order-17\"}".utf8)
        let block = try #require(Self.compress(source, Self.dictionary))
        for offset in block.indices {
            for bit in 0..<8 {
                var damaged = block
                damaged[offset] ^= 1 << bit
                // Either other bytes of the right length or an error: the checksum above decides, not LZ4.
                _ = try? Self.decompress(damaged, to: source.count, Self.dictionary)
            }
        }
    }
}
