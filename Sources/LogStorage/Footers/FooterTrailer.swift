/// The last 64 bytes of a file that has a footer. SPEC.md §1.14 is the authority; integers are little-endian.
///
///     offset  size  field
///          0     8  magic         "INDELFTR"
///          8     4  version       1
///         12     4  trailerCRC    salted CRC-32C of bytes [0, 12) and [16, 64)
///         16     8  framesEnd     where the segment's frames end
///         24     8  indexOffset   of the index, in the file
///         32     4  indexLength   56 + 24 blockCount + 16 markCount
///         36     4  indexCRC      salted CRC-32C of the index
///         40     4  blockCount
///         44     4  markCount
///         48     4  lastFrameCRC  header CRC of the segment's last frame
///         52    12  reserved      zeros; ignored
struct FooterTrailer: Equatable {
    static let encodedByteCount = 64
    static let version: UInt32 = 1
    static let magic = Array("INDELFTR".utf8)

    var framesEnd: Int
    var indexOffset: Int
    var indexCRC: UInt32
    var blockCount: Int
    var markCount: Int
    var lastFrameCRC: UInt32

    var indexLength: Int {
        FooterIndex.totalsByteCount + blockCount * FooterIndex.blockByteCount + markCount * FooterIndex.markByteCount
    }

    /// The first multiple of a block at or behind the frames' end: no sector that holds a frame is ever written again.
    static func footerStart(framesEnd: Int) -> Int {
        let block = FrameHeader.paddedAlignment
        return (framesEnd + block - 1) / block * block
    }

    /// Whether the bytes are meant to be a trailer, whatever else is wrong with them.
    static func isMagic(_ bytes: [UInt8]) -> Bool {
        bytes.count == encodedByteCount && bytes.starts(with: magic)
    }
}

extension FooterTrailer {
    init(decoding bytes: RawSpan, fileByteCount: Int, checksum: Checksum) throws(FooterError) {
        precondition(bytes.byteCount == Self.encodedByteCount, "a trailer has 64 bytes")
        for (offset, byte) in Self.magic.enumerated() where bytes.littleEndian(UInt8.self, at: offset) != byte {
            throw .absent
        }
        guard bytes.littleEndian(UInt32.self, at: 12) == Self.crc(bytes, checksum) else {
            throw .damaged(part: "trailer")
        }
        let version = bytes.littleEndian(UInt32.self, at: 8)
        guard version <= Self.version else { throw .newerVersion(version) }
        self.init(
            framesEnd: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: 16)),
            indexOffset: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: 24)),
            indexCRC: bytes.littleEndian(UInt32.self, at: 36),
            blockCount: Int(bytes.littleEndian(UInt32.self, at: 40)),
            markCount: Int(bytes.littleEndian(UInt32.self, at: 44)),
            lastFrameCRC: bytes.littleEndian(UInt32.self, at: 48))
        let frames = SegmentHeader.encodedByteCount..<fileByteCount
        guard version > 0, frames.contains(framesEnd), indexLength == Int(bytes.littleEndian(UInt32.self, at: 32)),
            indexOffset >= Self.footerStart(framesEnd: framesEnd),
            indexOffset <= fileByteCount - Self.encodedByteCount,
            indexLength <= fileByteCount - Self.encodedByteCount - indexOffset
        else { throw .damaged(part: "trailer") }
    }

    func encoded(_ checksum: Checksum) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.encodedByteCount)
        bytes.withUnsafeMutableBytes { target in
            target.copyBytes(from: Self.magic)
            target.storeLittleEndian(Self.version, at: 8)
            target.storeLittleEndian(UInt64(framesEnd), at: 16)
            target.storeLittleEndian(UInt64(indexOffset), at: 24)
            target.storeLittleEndian(UInt32(indexLength), at: 32)
            target.storeLittleEndian(indexCRC, at: 36)
            target.storeLittleEndian(UInt32(blockCount), at: 40)
            target.storeLittleEndian(UInt32(markCount), at: 44)
            target.storeLittleEndian(lastFrameCRC, at: 48)
        }
        let crc = Self.crc(bytes.span.bytes, checksum)
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: 12) }
        return bytes
    }

    private static func crc(_ bytes: RawSpan, _ checksum: Checksum) -> UInt32 {
        checksum.of(bytes.extracting(16..<encodedByteCount), after: checksum.of(bytes.extracting(0..<12)))
    }
}
