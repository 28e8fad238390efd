import Testing

@testable import LogStorage

@Suite struct FrameDecoderTests {
    static let checksum = Checksum(salt: FrameSamples.segment.salt)
    static let decoder = FrameDecoder(segment: FrameSamples.segment)

    /// Two small frames of different codec, and a sync-point.
    static let frames: [[UInt8]] = {
        let json = FrameEncoderTests.json
        var encoder = FrameEncoder(segment: FrameSamples.segment)
        encoder.encodeSyncPoint(nextLSN: LSN(5), time: 9)
        return [
            FrameSamples.encode(FrameSamples.batch([[1, 2, 3], [], [4, 5, 6, 7, 8, 9]])),
            FrameSamples.encode(FrameSamples.batch([json, json, json])),
            encoder.withBytes { Array($0) },
        ]
    }()

    static func decode(_ bytes: [UInt8], at offset: Int = 8_192) throws(FrameError) -> Frame {
        try decoder.frame(bytes.span.bytes, at: offset)
    }

    /// The frame with bytes changed and its checksums taken anew, as a writer that is wrong would write it.
    static func resigned(_ frame: [UInt8], _ changes: [(offset: Int, bytes: [UInt8])]) -> [UInt8] {
        var bytes = frame
        for change in changes {
            bytes.replaceSubrange(change.offset..<change.offset + change.bytes.count, with: change.bytes)
        }
        let directoryEnd = 64 + Int(bytes[16]) + Int(bytes[17]) << 8
        func store(_ crc: UInt32, at offset: Int) {
            for place in 0..<4 { bytes[offset + place] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(place))) }
        }
        store(checksum.of(bytes.span.bytes.extracting(directoryEnd...)), at: 48)
        store(checksum.of(bytes.span.bytes.extracting(8..<directoryEnd)), at: 4)
        return bytes
    }

    @Test func `an undamaged frame reads, whatever follows it`() throws {
        for frame in Self.frames {
            #expect(try Self.decode(frame + [0xFF, 0xFF]).byteCount == frame.count)
            #expect(Self.resigned(frame, []) == frame)
        }
    }

    @Test func `a frame cut at any byte reads as truncated and tells how much it takes`() throws {
        for frame in Self.frames {
            for length in 0..<frame.count {
                #expect {
                    try Self.decode(Array(frame.prefix(length)))
                } throws: { error in
                    guard case .truncated(let needed, length)? = error as? FrameError else { return false }
                    return (length + 1...frame.count).contains(needed)
                }
            }
        }
    }

    @Test func `a flipped bit anywhere is refused, as a torn write may leave it`() throws {
        for frame in Self.frames {
            for offset in frame.indices {
                for bit in 0..<8 {
                    var damaged = frame
                    damaged[offset] ^= 1 << bit
                    #expect {
                        try Self.decode(damaged)
                    } throws: { error in
                        (error as? FrameError)?.canBeTornWrite == true
                    }
                }
            }
        }
    }

    @Test func `a frame of another segment is refused`() throws {
        var segment = FrameSamples.segment
        segment.salt ^= 1
        let decoder = FrameDecoder(segment: segment)
        for frame in Self.frames {
            #expect {
                try decoder.frame(frame.span.bytes, at: 8_192)
            } throws: { error in
                if case .headerChecksumMismatch? = error as? FrameError { true } else { false }
            }
        }
    }

    /// Frame of the samples, offset, bytes put there, what the reader calls it.
    static let violations: [(frame: Int, offset: Int, bytes: [UInt8], error: FrameError)] = [
        (0, 0, [0], .wrongMagic(0x4D52_4600)),
        (0, 8, [1, 0, 0, 1], .lengthOutOfRange(field: "storedLength", 16_777_217)),
        (0, 12, [1, 0, 0, 1], .lengthOutOfRange(field: "rawLength", 16_777_217)),
        (0, 16, [1, 0, 2, 0], .lengthOutOfRange(field: "directoryLength", 131_073)),
        (0, 12, [10], .malformed(field: "storedLength")),
        (1, 8, [0, 0], .malformed(field: "storedLength")),
        (1, 12, [1, 0], .malformed(field: "storedLength")),
        (1, 12, [1, 0, 1], .malformed(field: "rawLength")),
        (0, 20, [0, 0], .malformed(field: "recordCount")),
        (0, 20, [1, 16], .malformed(field: "recordCount")),
        (2, 20, [1, 0], .malformed(field: "recordCount")),
        (0, 22, [2], .unknownCodec(2)),
        (0, 23, [0b100], .unknownFlags(0b100)),
        (0, 23, [0b1000], .unknownFlags(0b1000)),
        (0, 23, [0b11_0000], .unknownFlags(0b11_0000)),
        (0, 24, [0], .malformed(field: "firstLSN")),
        (0, 24, [0, 0, 0, 0, 0, 0, 0, 0x80], .malformed(field: "firstLSN")),
        (0, 32, [0], .malformed(field: "durableLSN")),
        (0, 32, [2], .malformed(field: "durableLSN")),
        (2, 32, [4], .malformed(field: "durableLSN")),
        (0, 62, [0], .malformed(field: "groupCount")),
        (2, 62, [2], .malformed(field: "groupCount")),
        (0, 60, [1], .malformed(field: "groupIndex")),
        (0, 20, [2, 0], .malformed(field: "directoryLength")),
        (0, 20, [4, 0], .malformedDirectory(record: 3)),
        (0, 67, [0x84], .malformedDirectory(record: 0)),
        (0, 67, [4], .malformed(field: "rawLength")),
    ]

    @Test(arguments: violations.indices)
    func `what no writer stores is named although its checksum holds`(index: Int) {
        let violation = Self.violations[index]
        let bytes = Self.resigned(Self.frames[violation.frame], [(violation.offset, violation.bytes)])
        #expect(throws: violation.error) { try Self.decode(bytes) }
        let isNewer = [.unknownCodec(2), .unknownFlags(0b100), .unknownFlags(0b1000), .unknownFlags(0b11_0000)]
            .contains(violation.error)
        #expect(violation.error.isFromNewerBuild == isNewer)
    }

    @Test func `flags that a reader may ignore are ignored`() throws {
        let bytes = Self.resigned(Self.frames[0], [(23, [0b1100_0000])])
        #expect(try Self.decode(bytes).entries == Self.decode(Self.frames[0]).entries)
    }

    @Test func `a block that does not decompress is refused although its checksum holds`() {
        let frame = Self.frames[1]
        let blockStart = 64 + Int(frame[16])
        let bytes = Self.resigned(frame, [(blockStart, [0xFF, 0xFF])])
        #expect(throws: FrameError.malformedBodies) { try Self.decode(bytes) }
    }

    @Test func `random bytes under a sound checksum never read outside the frame`() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<20_000 {
            let frame = Self.frames[Int.random(in: 0..<2, using: &random)]
            let change = (0..<Int.random(in: 1...4, using: &random)).map { _ in
                (offset: Int.random(in: 20..<frame.count, using: &random), bytes: [UInt8(random.next() >> 56)])
            }
            // Any error, or a frame: but no trap.
            _ = try? Self.decode(Self.resigned(frame, change))
        }
    }

    @Test func `a padded frame ends at the next block of its file`() throws {
        let batch = FrameSamples.batch([[1]])
        let bytes = FrameSamples.encode(batch, padsCommits: true)
        #expect(bytes.count == 4_096)
        #expect(try Self.decode(bytes, at: 12_288).byteCount == 4_096)
        // At another offset it would end elsewhere: what is there was not checked by its writer.
        #expect(throws: FrameError.self) { try Self.decode(bytes, at: 12_296) }
    }

    @Test(
        arguments: [
            (.truncated(needed: 64, available: 40), "the frame is cut: it takes at least 64 bytes, and 40 are there"),
            (.wrongMagic(0x4D), "no frame begins here: its first bytes read 0x0000004d"),
            (.lengthOutOfRange(field: "rawLength", 70_000), "the frame's rawLength of 70000 is over its limit"),
            (
                .headerChecksumMismatch(stored: 1, computed: 0xCBB7_19A0),
                "the frame's header has checksum 0x00000001, computed 0xcbb719a0"
            ),
            (
                .payloadChecksumMismatch(stored: 0xFFFF_FFFF, computed: 0),
                "the frame's bodies have checksum 0xffffffff, computed 0x00000000"
            ),
            (.unknownFlags(0b1000_0001), "the frame has flags 0b10000001, which this program does not know"),
            (.unknownCodec(9), "the frame has codec 9, which this program does not know"),
        ] as [(FrameError, String)])
    func `an error says what is wrong, with its figures`(error: FrameError, description: String) {
        #expect("\(error)" == description)
    }
}
