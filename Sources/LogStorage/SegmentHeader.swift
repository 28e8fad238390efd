/// What a segment file says of itself in its first 8 KiB. SPEC.md §1.3 is the authority; integers are little-endian.
///
///     offset  size  field
///          0     8  magic                    "INDELSEG"
///          8     4  version                  1
///         12     4  headerCRC                CRC-32C of bytes [0, 12) and [16, 4096), unsalted
///         16    16  logID                    the same in all segments of a log
///         32     8  number                   from 1
///         40     8  firstLSN                 of the first record that the segment can hold; all below it are durable
///         48     8  byteCount                the file's size, pre-written with zeros
///         56     8  creationTime             milliseconds since 1970-01-01T00:00:00Z
///         64     8  salt                     random; seeds the CRCs of the segment's frames
///         72     4  writerEpoch              place held: 0
///         76     4  partition                place held: 0
///         80     8  predecessor number       0 in the first segment, with the four fields after it
///         88     8  predecessor endOffset    the first byte after its last frame: what is beyond is dead
///         96     8  predecessor lastLSN      firstLSN - 1
///        104     4  predecessor lastFrameCRC header CRC of its last frame; its own predecessor's where it has none
///        108     4  dictionaryLength         0 ... 4096
///        112     4  dictionaryCRC            CRC-32C of the dictionary, unsalted
///        116     4  requiredFeatures         bit 0 in a rewrite segment; a reader refuses a bit it does not know
///        120     4  optionalFeatures         0; a reader ignores a bit it does not know
///        124     4  reserved                 zeros; ignored
///        128     8  rewrite framesEnd        in a rewrite segment, with the two fields after it; else reserved
///        136     4  rewrite lastFrameCRC     header CRC of its last frame
///        140     4  rewrite recordCount
///        144  3952  reserved                 zeros; ignored
///       4096  4096  dictionary               then zeros, ignored
package struct SegmentHeader: Equatable, Sendable {
    package static let encodedByteCount = 8_192
    static let magic = Array("INDELSEG".utf8)
    static let fieldsByteCount = 4_096

    /// Where the segment before this one ends: the link that shows a missing or cut file.
    package struct Predecessor: Equatable, Sendable {
        package var number: UInt64
        package var endOffset: UInt64
        package var lastLSN: UInt64
        package var lastFrameCRC: UInt32

        package init(number: UInt64, endOffset: UInt64, lastLSN: UInt64, lastFrameCRC: UInt32) {
            self.number = number
            self.endOffset = endOffset
            self.lastLSN = lastLSN
            self.lastFrameCRC = lastFrameCRC
        }
    }

    /// What a rewrite segment holds: it is made whole, so its header knows.
    package struct Rewrite: Equatable, Sendable {
        /// The first byte after its last frame.
        package var framesEnd: Int
        package var lastFrameCRC: UInt32
        package var recordCount: Int

        package init(framesEnd: Int, lastFrameCRC: UInt32, recordCount: Int) {
            self.framesEnd = framesEnd
            self.lastFrameCRC = lastFrameCRC
            self.recordCount = recordCount
        }
    }

    /// The bit of required features that a rewrite segment has, and no other.
    static let rewriteFeature: UInt32 = 1 << 0

    package var logID: LogID
    package var number: UInt64
    package var firstLSN: LSN
    package var byteCount: Int
    package var creationTime: Int64
    package var salt: UInt64
    package var writerEpoch: UInt32
    package var partition: UInt32
    package var predecessor: Predecessor?
    package var optionalFeatures: UInt32 = 0
    /// Nil in an append segment.
    package var rewrite: Rewrite?
    package var dictionary: SegmentDictionary

    package init(
        logID: LogID, number: UInt64, firstLSN: LSN, byteCount: Int, creationTime: Int64, salt: UInt64,
        writerEpoch: UInt32 = 0, partition: UInt32 = 0, predecessor: Predecessor?,
        dictionary: SegmentDictionary = .builtIn
    ) {
        self.logID = logID
        self.number = number
        self.firstLSN = firstLSN
        self.byteCount = byteCount
        self.creationTime = creationTime
        self.salt = salt
        self.writerEpoch = writerEpoch
        self.partition = partition
        self.predecessor = predecessor
        self.dictionary = dictionary
    }

    /// The file that this is the header of.
    package var file: LogFileID { rewrite == nil ? .append(number) : .rewrite(number) }
}

/// The random name of a log, in every segment of it: a segment of another log is refused.
package struct LogID: Hashable, Sendable, CustomStringConvertible {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// 32 hexadecimal digits, in the order of the bytes in the header.
    package var description: String {
        [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

/// Why a segment's header cannot be used. The log adds the file.
package enum SegmentHeaderError: Error, Equatable {
    /// The file is shorter than a header.
    case truncated(available: Int)
    case wrongMagic
    case headerChecksumMismatch(stored: UInt32, computed: UInt32)
    case dictionaryChecksumMismatch(stored: UInt32, computed: UInt32)
    /// A newer build wrote it.
    case newerVersion(UInt32)
    case unknownFeatures(UInt32)
    /// The checksum holds, but the field's value is outside its range: no build of ours wrote it.
    case malformed(field: String)

    /// Whether the bytes are sound, and a newer build can read them.
    package var isFromNewerBuild: Bool {
        switch self {
        case .newerVersion, .unknownFeatures: true
        case .truncated, .wrongMagic, .headerChecksumMismatch, .dictionaryChecksumMismatch, .malformed: false
        }
    }
}

extension SegmentHeaderError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let available):
            "the file ends after \(available) of its \(SegmentHeader.encodedByteCount) bytes"
        case .wrongMagic:
            "the file does not begin as a segment does"
        case .headerChecksumMismatch(let stored, let computed):
            "it has checksum \(stored.hexadecimal), computed \(computed.hexadecimal)"
        case .dictionaryChecksumMismatch(let stored, let computed):
            "its dictionary has checksum \(stored.hexadecimal), computed \(computed.hexadecimal)"
        case .newerVersion(let version):
            "it has format version \(version), this program reads up to \(FormatLimits.version)"
        case .unknownFeatures(let features):
            "it asks for features \(features.hexadecimal), which this program does not know"
        case .malformed(let field):
            "its checksum holds, but its \(field) is no value that a writer may store"
        }
    }
}

extension SegmentHeader {
    /// Decodes the 8 KiB at the start of `bytes`.
    package init(decoding bytes: RawSpan) throws(SegmentHeaderError) {
        guard bytes.byteCount >= Self.encodedByteCount else { throw .truncated(available: bytes.byteCount) }
        for (offset, byte) in Self.magic.enumerated() where bytes.littleEndian(UInt8.self, at: offset) != byte {
            throw .wrongMagic
        }
        // Magic, version and this checksum keep their places in every version, so damage is told from a newer version.
        let storedCRC = bytes.littleEndian(UInt32.self, at: 12)
        let computedCRC = Self.headerCRC(bytes)
        guard storedCRC == computedCRC else {
            throw .headerChecksumMismatch(stored: storedCRC, computed: computedCRC)
        }
        let version = bytes.littleEndian(UInt32.self, at: 8)
        guard version <= FormatLimits.version else { throw .newerVersion(version) }
        guard version > 0 else { throw .malformed(field: "version") }
        let requiredFeatures = bytes.littleEndian(UInt32.self, at: 116)
        guard requiredFeatures & ~Self.rewriteFeature == 0 else { throw .unknownFeatures(requiredFeatures) }

        self.init(
            logID: LogID(
                high: bytes.littleEndian(UInt64.self, at: 16).byteSwapped,
                low: bytes.littleEndian(UInt64.self, at: 24).byteSwapped),
            number: bytes.littleEndian(UInt64.self, at: 32),
            firstLSN: LSN(bytes.littleEndian(UInt64.self, at: 40)),
            byteCount: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: 48)),
            creationTime: bytes.littleEndian(Int64.self, at: 56),
            salt: bytes.littleEndian(UInt64.self, at: 64),
            writerEpoch: bytes.littleEndian(UInt32.self, at: 72),
            partition: bytes.littleEndian(UInt32.self, at: 76),
            predecessor: Self.predecessor(bytes),
            dictionary: try Self.dictionary(bytes))
        optionalFeatures = bytes.littleEndian(UInt32.self, at: 120)
        if requiredFeatures == Self.rewriteFeature {
            rewrite = Rewrite(
                framesEnd: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: 128)),
                lastFrameCRC: bytes.littleEndian(UInt32.self, at: 136),
                recordCount: Int(bytes.littleEndian(UInt32.self, at: 140)))
        }
        if let field = fieldOutOfRange { throw .malformed(field: field) }
    }

    /// The 8 KiB.
    package func encoded() -> [UInt8] {
        if let field = fieldOutOfRange { preconditionFailure("a segment header whose \(field) is out of range") }
        var bytes = [UInt8](repeating: 0, count: Self.encodedByteCount)
        bytes.withUnsafeMutableBytes { target in
            target.copyBytes(from: Self.magic)
            target.storeLittleEndian(FormatLimits.version, at: 8)
            target.storeLittleEndian(logID.high.byteSwapped, at: 16)
            target.storeLittleEndian(logID.low.byteSwapped, at: 24)
            target.storeLittleEndian(number, at: 32)
            target.storeLittleEndian(firstLSN.rawValue, at: 40)
            target.storeLittleEndian(UInt64(byteCount), at: 48)
            target.storeLittleEndian(creationTime, at: 56)
            target.storeLittleEndian(salt, at: 64)
            target.storeLittleEndian(writerEpoch, at: 72)
            target.storeLittleEndian(partition, at: 76)
            target.storeLittleEndian(predecessor?.number ?? 0, at: 80)
            target.storeLittleEndian(predecessor?.endOffset ?? 0, at: 88)
            target.storeLittleEndian(predecessor?.lastLSN ?? 0, at: 96)
            target.storeLittleEndian(predecessor?.lastFrameCRC ?? 0, at: 104)
            target.storeLittleEndian(UInt32(dictionary.bytes.count), at: 108)
            target.storeLittleEndian(Checksum.unsalted(dictionary.bytes.span.bytes), at: 112)
            target.storeLittleEndian(optionalFeatures, at: 120)
            if let rewrite {
                target.storeLittleEndian(Self.rewriteFeature, at: 116)
                target.storeLittleEndian(UInt64(rewrite.framesEnd), at: 128)
                target.storeLittleEndian(rewrite.lastFrameCRC, at: 136)
                target.storeLittleEndian(UInt32(rewrite.recordCount), at: 140)
            }
            for (offset, byte) in dictionary.bytes.enumerated() { target[Self.fieldsByteCount + offset] = byte }
        }
        let crc = Self.headerCRC(bytes.span.bytes)
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: 12) }
        return bytes
    }

    private static func headerCRC(_ bytes: RawSpan) -> UInt32 {
        let start = Checksum.unsalted(bytes.extracting(0..<12))
        return Checksum.unsalted(bytes.extracting(16..<fieldsByteCount), after: start)
    }

    private static func predecessor(_ bytes: RawSpan) -> Predecessor? {
        let predecessor = Predecessor(
            number: bytes.littleEndian(UInt64.self, at: 80), endOffset: bytes.littleEndian(UInt64.self, at: 88),
            lastLSN: bytes.littleEndian(UInt64.self, at: 96), lastFrameCRC: bytes.littleEndian(UInt32.self, at: 104))
        return predecessor == Predecessor(number: 0, endOffset: 0, lastLSN: 0, lastFrameCRC: 0) ? nil : predecessor
    }

    private static func dictionary(_ bytes: RawSpan) throws(SegmentHeaderError) -> SegmentDictionary {
        let length = bytes.littleEndian(UInt32.self, at: 108)
        guard length <= FormatLimits.dictionaryByteCountMax else { throw .malformed(field: "dictionaryLength") }
        let content = bytes.extracting(fieldsByteCount..<fieldsByteCount + Int(length))
        let storedCRC = bytes.littleEndian(UInt32.self, at: 112)
        let computedCRC = Checksum.unsalted(content)
        guard storedCRC == computedCRC else {
            throw .dictionaryChecksumMismatch(stored: storedCRC, computed: computedCRC)
        }
        let dictionary = content.withUnsafeBytes { [UInt8]($0) }
        // Most segments have the built-in one: share its loaded state.
        return dictionary == SegmentDictionary.builtIn.bytes ? .builtIn : SegmentDictionary(dictionary)
    }

    /// The first field, in file order, that holds what no header may.
    private var fieldOutOfRange: String? {
        if number == 0 { return "number" }
        if firstLSN < .first || firstLSN > FormatLimits.lsnMax { return "firstLSN" }
        if !FormatLimits.segmentByteCounts.contains(byteCount) || byteCount % 4_096 != 0 { return "byteCount" }
        if let rewrite {
            if predecessor != nil { return "predecessor number" }
            // At least one frame, and room behind the last one for nothing but the footer.
            let ends = Self.encodedByteCount + FrameHeader.encodedByteCount...byteCount
            if !ends.contains(rewrite.framesEnd) || rewrite.framesEnd % FrameHeader.alignment != 0 {
                return "rewrite framesEnd"
            }
            if rewrite.recordCount == 0 { return "rewrite recordCount" }
        }
        guard let predecessor else { return nil }
        if predecessor.number == 0 || predecessor.number >= number { return "predecessor number" }
        if predecessor.endOffset < Self.encodedByteCount || predecessor.endOffset % 8 != 0
            || predecessor.endOffset > FormatLimits.segmentByteCounts.upperBound
        {
            return "predecessor endOffset"
        }
        if predecessor.lastLSN != firstLSN.rawValue - 1 { return "predecessor lastLSN" }
        return nil
    }
}
