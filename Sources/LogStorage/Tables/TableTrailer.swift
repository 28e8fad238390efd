/// The last 64 bytes of a table: what is needed to trust its block index. SPEC.md §7.2 is the authority.
///
///     offset  size  field
///          0     8  magic             "INDELTAB"
///          8     4  version           1
///         12     4  trailerCRC        CRC-32C of bytes [0, 12) and [16, 64)
///         16     8  number            from 1
///         24     8  indexOffset       where the blocks end and the block index begins
///         32     8  blockCount        rows of 32 bytes in the block index
///         40     8  entryCount        in all blocks
///         48     4  indexCRC          CRC-32C of the block index
///         52     4  requiredFeatures  0; a reader refuses a bit it does not know
///         56     4  optionalFeatures  0; a reader ignores a bit it does not know
///         60     4  reserved          zeros; ignored
struct TableTrailer: Equatable {
    static let encodedByteCount = 64
    private static let magic = Array("INDELTAB".utf8)

    var number: UInt64
    var indexOffset: Int
    var blockCount: Int
    var entryCount: Int
    var indexCRC: UInt32

    /// Of the file that ends with it.
    var fileByteCount: Int { indexOffset + blockCount * TableFormat.indexRowByteCount + Self.encodedByteCount }

    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.encodedByteCount)
        bytes.withUnsafeMutableBytes { target in
            target.copyBytes(from: Self.magic)
            target.storeLittleEndian(TableFormat.version, at: 8)
            target.storeLittleEndian(number, at: 16)
            target.storeLittleEndian(UInt64(indexOffset), at: 24)
            target.storeLittleEndian(UInt64(blockCount), at: 32)
            target.storeLittleEndian(UInt64(entryCount), at: 40)
            target.storeLittleEndian(indexCRC, at: 48)
        }
        let crc = Self.checksum(bytes.span.bytes)
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: 12) }
        return bytes
    }

    /// Decodes `bytes`, the end of the file of `table`, and checks that it is that table's.
    init(decoding bytes: RawSpan, of table: TableInfo) throws(TableError) {
        func failure(_ reason: TableError.Reason) -> TableError {
            TableError(table: table.number, offset: table.byteCount - Self.encodedByteCount, reason: reason)
        }
        guard bytes.byteCount == Self.encodedByteCount else {
            throw failure(
                .sizeMismatch(
                    byteCount: table.byteCount - Self.encodedByteCount + bytes.byteCount, expected: table.byteCount))
        }
        for (offset, byte) in Self.magic.enumerated() where bytes.littleEndian(UInt8.self, at: offset) != byte {
            throw failure(.wrongMagic)
        }
        // Magic, version and this checksum keep their places in every version, so damage is told from a newer version.
        let storedCRC = bytes.littleEndian(UInt32.self, at: 12)
        let computedCRC = Self.checksum(bytes)
        guard storedCRC == computedCRC else {
            throw failure(.checksumMismatch(stored: storedCRC, computed: computedCRC))
        }
        let version = bytes.littleEndian(UInt32.self, at: 8)
        guard version <= TableFormat.version else { throw failure(.newerVersion(version)) }
        guard version > 0 else { throw failure(.malformed(field: "version")) }
        let requiredFeatures = bytes.littleEndian(UInt32.self, at: 52)
        guard requiredFeatures == 0 else { throw failure(.unknownFeatures(requiredFeatures)) }

        // What the file can hold bounds both, so nothing below can overflow.
        let room = UInt64(table.byteCount - Self.encodedByteCount)
        let indexOffset = bytes.littleEndian(UInt64.self, at: 24)
        guard indexOffset <= room else { throw failure(.malformed(field: "indexOffset")) }
        let blockCount = bytes.littleEndian(UInt64.self, at: 32)
        guard blockCount == (room - indexOffset) / UInt64(TableFormat.indexRowByteCount),
            (room - indexOffset) % UInt64(TableFormat.indexRowByteCount) == 0
        else { throw failure(.malformed(field: "blockCount")) }
        // An entry has four bytes at least, a block an entry.
        let entryCount = bytes.littleEndian(UInt64.self, at: 40)
        guard entryCount >= blockCount, entryCount <= indexOffset / 4 else {
            throw failure(.malformed(field: "entryCount"))
        }
        self.init(
            number: bytes.littleEndian(UInt64.self, at: 16), indexOffset: Int(indexOffset),
            blockCount: Int(blockCount), entryCount: Int(entryCount), indexCRC: bytes.littleEndian(UInt32.self, at: 48))
        guard number == table.number else { throw failure(.otherTable(field: "number")) }
        guard self.entryCount == table.entryCount else { throw failure(.otherTable(field: "entry count")) }
        guard storedCRC == table.checksum else { throw failure(.otherTable(field: "checksum")) }
    }

    init(number: UInt64, indexOffset: Int, blockCount: Int, entryCount: Int, indexCRC: UInt32) {
        self.number = number
        self.indexOffset = indexOffset
        self.blockCount = blockCount
        self.entryCount = entryCount
        self.indexCRC = indexCRC
    }

    private static func checksum(_ bytes: RawSpan) -> UInt32 {
        let start = Checksum.unsalted(bytes.extracting(0..<12))
        return Checksum.unsalted(bytes.extracting(16..<encodedByteCount), after: start)
    }

    /// What the manifest lists of the table whose trailer these bytes are.
    func info(encoded bytes: [UInt8]) -> TableInfo {
        TableInfo(
            number: number, byteCount: fileByteCount, entryCount: entryCount,
            checksum: bytes.span.bytes.littleEndian(UInt32.self, at: 12))
    }
}
