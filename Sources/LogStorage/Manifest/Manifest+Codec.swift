/// SPEC.md §7.3 is the authority; integers are little-endian.
///
///     offset  size  field
///          0     8  magic              "INDELMAN"
///          8     4  version            1
///         12     4  checksum           CRC-32C of bytes [0, 12) and [16, end of file)
///         16    16  logID
///         32     8  number             from 1
///         40     8  time               milliseconds since 1970-01-01T00:00:00Z
///         48     8  engineTime         the same
///         56     8  position           LSN
///         64     8  positionSegment
///         72     8  next rewrite number
///         80     8  next table number
///         88     8  next manifest number
///         96     4  requiredFeatures   0; a reader refuses a bit it does not know
///        100     4  optionalFeatures   0; a reader ignores a bit it does not know
///        104    16  reserved           zeros; ignored
///        120     4  append segments    count of rows
///        124     4  rewrite segments   count of rows
///        128     4  tables             count of rows
///        132     4  reserved           zeros; ignored
///        136        rows of append segments, 56 bytes: number, firstLSN, nextLSN, recordByteCount, liveByteCount (8 each),
///                   endOffset (8), lastFrameCRC (4), zeros (4)
///                   rows of rewrite segments, 32 bytes: number, byteCount, recordByteCount, liveByteCount (8 each)
///                   rows of tables, 32 bytes: number, byteCount, entryCount (8 each), checksum (4), zeros (4)
extension Manifest {
    /// The newest version that this build reads, and the one it writes.
    package static let version: UInt32 = 1
    /// Of a manifest with a million files.
    package static let byteCountMax = 64 << 20

    static let fieldsByteCount = 136
    private static let magic = Array("INDELMAN".utf8)
    private static let appendRowByteCount = 56
    private static let rewriteRowByteCount = 32
    private static let tableRowByteCount = 32

    package init(decoding bytes: RawSpan) throws(ManifestError) {
        guard bytes.byteCount >= Self.fieldsByteCount else { throw .truncated(available: bytes.byteCount) }
        for (offset, byte) in Self.magic.enumerated() where bytes.littleEndian(UInt8.self, at: offset) != byte {
            throw .wrongMagic
        }
        // Magic, version and this checksum keep their places in every version, so damage is told from a newer version.
        let storedCRC = bytes.littleEndian(UInt32.self, at: 12)
        let computedCRC = Self.checksum(bytes)
        guard storedCRC == computedCRC else {
            throw .checksumMismatch(stored: storedCRC, computed: computedCRC)
        }
        let version = bytes.littleEndian(UInt32.self, at: 8)
        guard version <= Self.version else { throw .newerVersion(version) }
        guard version > 0 else { throw .malformed(field: "version") }
        let requiredFeatures = bytes.littleEndian(UInt32.self, at: 96)
        guard requiredFeatures == 0 else { throw .unknownFeatures(requiredFeatures) }

        let appendCount = Int(bytes.littleEndian(UInt32.self, at: 120))
        let rewriteCount = Int(bytes.littleEndian(UInt32.self, at: 124))
        let tableCount = Int(bytes.littleEndian(UInt32.self, at: 128))
        let rewriteStart = Self.fieldsByteCount + appendCount * Self.appendRowByteCount
        let tableStart = rewriteStart + rewriteCount * Self.rewriteRowByteCount
        guard tableStart + tableCount * Self.tableRowByteCount == bytes.byteCount else {
            throw .malformed(field: "counts")
        }
        self.init(
            logID: LogID(
                high: bytes.littleEndian(UInt64.self, at: 16).byteSwapped,
                low: bytes.littleEndian(UInt64.self, at: 24).byteSwapped),
            number: bytes.littleEndian(UInt64.self, at: 32), time: bytes.littleEndian(Int64.self, at: 40),
            engineTime: bytes.littleEndian(Int64.self, at: 48), position: LSN(bytes.littleEndian(UInt64.self, at: 56)),
            positionSegment: bytes.littleEndian(UInt64.self, at: 64),
            appendSegments: [], rewriteSegments: [], tables: [],
            next: NextNumbers(
                rewrite: bytes.littleEndian(UInt64.self, at: 72), table: bytes.littleEndian(UInt64.self, at: 80),
                manifest: bytes.littleEndian(UInt64.self, at: 88)))
        optionalFeatures = bytes.littleEndian(UInt32.self, at: 100)
        appendSegments = (0..<appendCount).map {
            AppendSegment(row: bytes, at: Self.fieldsByteCount + $0 * Self.appendRowByteCount)
        }
        rewriteSegments = (0..<rewriteCount).map {
            RewriteSegment(row: bytes, at: rewriteStart + $0 * Self.rewriteRowByteCount)
        }
        tables = (0..<tableCount).map { TableInfo(row: bytes, at: tableStart + $0 * Self.tableRowByteCount) }
        if let field = fieldOutOfRange { throw .malformed(field: field) }
    }

    package func encoded() -> [UInt8] {
        if let field = fieldOutOfRange { preconditionFailure("a manifest whose \(field) is out of range") }
        let rewriteStart = Self.fieldsByteCount + appendSegments.count * Self.appendRowByteCount
        let tableStart = rewriteStart + rewriteSegments.count * Self.rewriteRowByteCount
        let byteCount = tableStart + tables.count * Self.tableRowByteCount
        precondition(byteCount <= Self.byteCountMax, "a manifest of more files than one can have")
        var bytes = [UInt8](repeating: 0, count: byteCount)
        bytes.withUnsafeMutableBytes { target in
            encodeFields(into: target)
            for (index, segment) in appendSegments.enumerated() {
                segment.encode(into: target, at: Self.fieldsByteCount + index * Self.appendRowByteCount)
            }
            for (index, segment) in rewriteSegments.enumerated() {
                segment.encode(into: target, at: rewriteStart + index * Self.rewriteRowByteCount)
            }
            for (index, table) in tables.enumerated() {
                table.encode(into: target, at: tableStart + index * Self.tableRowByteCount)
            }
        }
        let crc = Self.checksum(bytes.span.bytes)
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: 12) }
        return bytes
    }

    private func encodeFields(into target: UnsafeMutableRawBufferPointer) {
        target.copyBytes(from: Self.magic)
        target.storeLittleEndian(Self.version, at: 8)
        target.storeLittleEndian(logID.high.byteSwapped, at: 16)
        target.storeLittleEndian(logID.low.byteSwapped, at: 24)
        target.storeLittleEndian(number, at: 32)
        target.storeLittleEndian(time, at: 40)
        target.storeLittleEndian(engineTime, at: 48)
        target.storeLittleEndian(position.rawValue, at: 56)
        target.storeLittleEndian(positionSegment, at: 64)
        target.storeLittleEndian(next.rewrite, at: 72)
        target.storeLittleEndian(next.table, at: 80)
        target.storeLittleEndian(next.manifest, at: 88)
        target.storeLittleEndian(optionalFeatures, at: 100)
        target.storeLittleEndian(UInt32(appendSegments.count), at: 120)
        target.storeLittleEndian(UInt32(rewriteSegments.count), at: 124)
        target.storeLittleEndian(UInt32(tables.count), at: 128)
    }

    private static func checksum(_ bytes: RawSpan) -> UInt32 {
        let start = Checksum.unsalted(bytes.extracting(0..<12))
        return Checksum.unsalted(bytes.extracting(16..<bytes.byteCount), after: start)
    }
}

// An integer too large for `Int` becomes negative, which is out of every field's range.

extension Manifest.AppendSegment {
    fileprivate init(row bytes: RawSpan, at offset: Int) {
        self.init(
            number: bytes.littleEndian(UInt64.self, at: offset),
            firstLSN: LSN(bytes.littleEndian(UInt64.self, at: offset + 8)),
            nextLSN: LSN(bytes.littleEndian(UInt64.self, at: offset + 16)),
            endOffset: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: offset + 40)),
            lastFrameCRC: bytes.littleEndian(UInt32.self, at: offset + 48),
            recordByteCount: bytes.littleEndian(UInt64.self, at: offset + 24),
            liveByteCount: bytes.littleEndian(UInt64.self, at: offset + 32))
    }

    fileprivate func encode(into target: UnsafeMutableRawBufferPointer, at offset: Int) {
        target.storeLittleEndian(number, at: offset)
        target.storeLittleEndian(firstLSN.rawValue, at: offset + 8)
        target.storeLittleEndian(nextLSN.rawValue, at: offset + 16)
        target.storeLittleEndian(recordByteCount, at: offset + 24)
        target.storeLittleEndian(liveByteCount, at: offset + 32)
        target.storeLittleEndian(UInt64(endOffset), at: offset + 40)
        target.storeLittleEndian(lastFrameCRC, at: offset + 48)
    }
}

extension Manifest.RewriteSegment {
    fileprivate init(row bytes: RawSpan, at offset: Int) {
        self.init(
            number: bytes.littleEndian(UInt64.self, at: offset),
            byteCount: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: offset + 8)),
            recordByteCount: bytes.littleEndian(UInt64.self, at: offset + 16),
            liveByteCount: bytes.littleEndian(UInt64.self, at: offset + 24))
    }

    fileprivate func encode(into target: UnsafeMutableRawBufferPointer, at offset: Int) {
        target.storeLittleEndian(number, at: offset)
        target.storeLittleEndian(UInt64(byteCount), at: offset + 8)
        target.storeLittleEndian(recordByteCount, at: offset + 16)
        target.storeLittleEndian(liveByteCount, at: offset + 24)
    }
}

extension TableInfo {
    fileprivate init(row bytes: RawSpan, at offset: Int) {
        self.init(
            number: bytes.littleEndian(UInt64.self, at: offset),
            byteCount: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: offset + 8)),
            entryCount: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: offset + 16)),
            checksum: bytes.littleEndian(UInt32.self, at: offset + 24))
    }

    fileprivate func encode(into target: UnsafeMutableRawBufferPointer, at offset: Int) {
        target.storeLittleEndian(number, at: offset)
        target.storeLittleEndian(UInt64(byteCount), at: offset + 8)
        target.storeLittleEndian(UInt64(entryCount), at: offset + 16)
        target.storeLittleEndian(checksum, at: offset + 24)
    }
}
