import Testing

@testable import LogStorage

@Suite struct SegmentHeaderTests {
    static let first = SegmentHeader(
        logID: LogID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF), number: 1, firstLSN: .first,
        byteCount: 1 << 20, creationTime: 1_760_000_000_000, salt: 0x0123_4567_89AB_CDEF, predecessor: nil)
    static let second = SegmentHeader(
        logID: first.logID, number: 2, firstLSN: LSN(100), byteCount: 4 << 20, creationTime: -1, salt: .max,
        writerEpoch: 3, partition: 4,
        predecessor: SegmentHeader.Predecessor(number: 1, endOffset: 9_000, lastLSN: 99, lastFrameCRC: 0xDEAD_BEEF),
        dictionary: SegmentDictionary([]))

    static func decode(_ bytes: [UInt8]) throws(SegmentHeaderError) -> SegmentHeader {
        try SegmentHeader(decoding: bytes.span.bytes)
    }

    /// The header with bytes changed and its checksum taken anew.
    static func resigned(_ header: [UInt8], _ offset: Int, _ new: [UInt8]) -> [UInt8] {
        var bytes = header
        bytes.replaceSubrange(offset..<offset + new.count, with: new)
        let start = Checksum.unsalted(bytes.span.bytes.extracting(0..<12))
        let crc = Checksum.unsalted(bytes.span.bytes.extracting(16..<4_096), after: start)
        for place in 0..<4 { bytes[12 + place] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(place))) }
        return bytes
    }

    @Test(arguments: [first, second])
    func `a header reads as it was written`(header: SegmentHeader) throws {
        #expect(header.encoded().count == 8_192)
        #expect(try Self.decode(header.encoded() + [1]) == header)
    }

    @Test func `a header cut at any byte reads as truncated`() {
        let bytes = Self.second.encoded()
        for length in 0..<bytes.count {
            #expect(throws: SegmentHeaderError.truncated(available: length)) {
                try Self.decode(Array(bytes.prefix(length)))
            }
        }
    }

    @Test func `a flipped bit in the fields or the dictionary is damage, not a newer version`() {
        let bytes = Self.first.encoded()
        for offset in 0..<4_096 + Self.first.dictionary.bytes.count {
            var damaged = bytes
            damaged[offset] ^= 1 << (offset % 8)
            #expect {
                try Self.decode(damaged)
            } throws: { error in
                (error as? SegmentHeaderError)?.isFromNewerBuild == false
            }
        }
    }

    static let violations: [(offset: Int, bytes: [UInt8], error: SegmentHeaderError)] = [
        (0, [0], .wrongMagic),
        (8, [2], .newerVersion(2)),
        (8, [0xFF, 0xFF, 0xFF, 0xFF], .newerVersion(.max)),
        (8, [0], .malformed(field: "version")),
        (32, [0], .malformed(field: "number")),
        (40, [0], .malformed(field: "firstLSN")),
        (40, [0, 0, 0, 0, 0, 0, 0, 0x80], .malformed(field: "firstLSN")),
        (48, [1], .malformed(field: "byteCount")),
        (48, [0, 16, 0], .malformed(field: "byteCount")),
        (55, [0x80], .malformed(field: "byteCount")),
        (80, [0], .malformed(field: "predecessor number")),
        (80, [2], .malformed(field: "predecessor number")),
        (88, [0, 0], .malformed(field: "predecessor endOffset")),
        (88, [0x29], .malformed(field: "predecessor endOffset")),
        (96, [98], .malformed(field: "predecessor lastLSN")),
        (108, [1, 16], .malformed(field: "dictionaryLength")),
        (108, [1], .dictionaryChecksumMismatch(stored: 0, computed: 0x527D_5351)),
        (116, [2], .unknownFeatures(2)),
    ]

    @Test(arguments: violations.indices)
    func `what no writer stores is named although its checksum holds`(index: Int) {
        let (offset, new, error) = Self.violations[index]
        #expect(throws: error) { try Self.decode(Self.resigned(Self.second.encoded(), offset, new)) }
    }

    @Test func `optional features and reserved bytes are ignored`() throws {
        let bytes = Self.resigned(Self.second.encoded(), 120, [7, 0, 0, 0, 1, 2, 3])
        var expected = Self.second
        expected.optionalFeatures = 7
        #expect(try Self.decode(bytes) == expected)
        var tail = Self.first.encoded()
        tail[8_191] = 1
        #expect(try Self.decode(tail) == Self.first)
    }

    @Test func `a log's id reads in the order of its bytes`() {
        #expect(Self.first.logID.description == "00112233445566778899aabbccddeeff")
        #expect(Array(Self.first.encoded()[16..<20]) == [0x00, 0x11, 0x22, 0x33])
    }

    @Test(
        arguments: [
            (.truncated(available: 4_000), "the file ends after 4000 of its 8192 bytes"),
            (
                .headerChecksumMismatch(stored: 0x647D_5E42, computed: 7),
                "it has checksum 0x647d5e42, computed 0x00000007"
            ),
            (
                .dictionaryChecksumMismatch(stored: 0, computed: 7),
                "its dictionary has checksum 0x00000000, computed 0x00000007"
            ),
            (.newerVersion(2), "it has format version 2, this program reads up to 1"),
            (.malformed(field: "number"), "its checksum holds, but its number is no value that a writer may store"),
        ] as [(SegmentHeaderError, String)])
    func `an error says what is wrong, with its figures`(error: SegmentHeaderError, description: String) {
        #expect("\(error)" == description)
    }
}
