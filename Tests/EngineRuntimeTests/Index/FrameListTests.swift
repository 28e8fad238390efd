import LogStorage
import Testing

@testable import EngineRuntime

@Suite struct FrameListTests {
    @Test(arguments: 1...50 as ClosedRange<UInt64>)
    func `frames come back as they were added, whatever their order`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var list = FrameList()
        var expected: [FrameLocation] = []
        for _ in 0..<Int.random(in: 0..<200, using: &random) {
            let location = FrameLocation(
                file: LogFileID(Bool.random(using: &random) ? .append : .rewrite, .random(in: 1...4, using: &random)),
                offset: 8 * Int.random(in: 1_024..<(1 << 27), using: &random))
            if location != expected.last { expected.append(location) }
            list.append(location)
        }
        #expect(list.locations == expected, "seed \(seed)")
        #expect(list.count == expected.count, "seed \(seed)")
        var offset = 0
        let decoded = try FrameList(decoding: list.bytes.span.bytes, count: list.count, at: &offset)
        #expect(decoded == list && offset == list.bytes.count, "seed \(seed)")
    }

    @Test func `a frame that is the last one already is not added again`() {
        var list = FrameList()
        for _ in 0..<3 { list.append(FrameLocation(file: .append(1), offset: 8_192)) }
        #expect(list.count == 1)
    }

    @Test func `neighbouring frames take two bytes each`() {
        var list = FrameList()
        for index in 0..<1_000 { list.append(FrameLocation(file: .append(7), offset: 8_192 + 256 * index)) }
        #expect(list.bytes.count <= 2 * 1_000 + 8)
    }

    /// Offsets 8,192 and 8,200 of segment 1 in other forms than the one that there is.
    @Test(
        arguments: [
            ([3, 0x80, 0x02, 0x80, 0x10, 0, 2], "frame file sort"), ([3, 2, 0x80, 0x10, 0, 2], "frame file sort"),
            ([3, 0, 0x80, 0x10, 3, 0, 0x82, 0x10], "frame file"), ([3, 0, 0x80, 0x10, 2, 2], "frame file"),
            ([0, 0x80, 0x10, 0, 2], "frame file"), ([3, 0, 0x80, 0x10, 0, 0], "frames"),
        ] as [([UInt8], String)])
    func `a list has one form`(bytes: [UInt8], field: String) throws {
        var offset = 0
        #expect(throws: IndexDecodingError.malformed(field: field)) {
            _ = try FrameList(decoding: bytes.span.bytes, count: 2, at: &offset)
        }
    }

    @Test func `bytes that no list has are refused, and none traps`() {
        var list = FrameList()
        list.append(FrameLocation(file: .append(1), offset: 8_192))
        list.append(FrameLocation(file: .rewrite(3), offset: 16_384))
        for cut in 0..<list.bytes.count {
            var offset = 0
            #expect(throws: IndexDecodingError.self) {
                _ = try FrameList(decoding: Array(list.bytes[..<cut]).span.bytes, count: 2, at: &offset)
            }
        }
        for bit in 0..<(8 * list.bytes.count) {
            var bytes = list.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            var offset = 0
            // An error or other frames: what matters is that nothing traps.
            _ = try? FrameList(decoding: bytes.span.bytes, count: 2, at: &offset)
        }
    }
}
