import Testing

@testable import LZ4

@Suite struct HCBlockCompressorTests {
    private static let text = Array(#"{"id":"order-17","amount":1250,"currency":"EUR","state":"captured"}"#.utf8)

    private func compress(_ source: [UInt8], _ dictionary: BlockDictionary, level: Int = 6) -> [UInt8]? {
        var compressor = HCBlockCompressor(dictionary: dictionary, level: level)
        return Self.compress(source, with: &compressor)
    }

    private static func compress(_ source: [UInt8], with compressor: inout HCBlockCompressor) -> [UInt8]? {
        var target = [UInt8](repeating: 0, count: source.count + 64)
        let length = target.withUnsafeMutableBytes { target in
            source.withUnsafeBytes { compressor.compress($0, into: target) }
        }
        return length.map { Array(target[..<$0]) }
    }

    private static func decompress(_ block: [UInt8], to count: Int, _ dictionary: BlockDictionary) throws -> [UInt8] {
        var target = [UInt8](repeating: 0, count: count)
        try target.withUnsafeMutableBytes { target in
            try block.withUnsafeBytes { try dictionary.decompress($0, into: target) }
        }
        return target
    }

    @Test(arguments: [3, 6, 9, 12])
    func `the decompressor of other blocks reads its blocks`(level: Int) throws {
        for dictionary in [BlockDictionary([]), BlockDictionary(Self.text)] {
            for count in [1, 2, 30, 900] {
                let source = (0..<count).flatMap { Self.text + Array("\($0)".utf8) }
                let block = try #require(compress(source, dictionary, level: level))
                #expect(block.count < source.count || count < 3)
                #expect(try Self.decompress(block, to: source.count, dictionary) == source)
            }
        }
    }

    @Test func `it refers back to the dictionary, and is smaller than the fast one`() throws {
        let dictionary = BlockDictionary(Self.text)
        #expect(try #require(compress(Self.text, dictionary)).count < 20)
        let source = (0..<800).flatMap { Self.text + Array("\($0 * 7919 % 1000)".utf8) }
        var fast = BlockCompressor(dictionary: dictionary)
        var target = [UInt8](repeating: 0, count: source.count)
        let length = target.withUnsafeMutableBytes { target in
            source.withUnsafeBytes { fast.compress($0, into: target) }
        }
        #expect(try #require(compress(source, dictionary)).count < (try #require(length)))
    }

    @Test func `a block does not depend on those before it`() throws {
        let dictionary = BlockDictionary(Self.text)
        var reused = HCBlockCompressor(dictionary: dictionary)
        for count in [40, 3, 200, 1, 40] {
            let source = (0..<count).flatMap { Self.text + Array("\($0 * count)".utf8) }
            #expect(Self.compress(source, with: &reused) == compress(source, dictionary))
        }
    }

    @Test func `too little room is told`() {
        var compressor = HCBlockCompressor(dictionary: BlockDictionary([]))
        let source = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* $0 &* 31) }
        for room in [0, 1, 20] {
            var target = [UInt8](repeating: 0, count: room)
            let length = target.withUnsafeMutableBytes { target in
                source.withUnsafeBytes { compressor.compress($0, into: target) }
            }
            #expect(length == nil)
        }
    }
}
