/// Where a table's blocks are, and the checksum of each: all that a reader keeps in memory, 32 bytes for 4 KiB of table.
/// SPEC.md §7.2 is the authority.
///
///     offset  size  field
///          0     8  a         of the block's first key
///          8     8  b         of the block's first key
///         16     8  offset    of the block in the file; it ends where the next one begins
///         24     4  blockCRC  CRC-32C of the block
///         28     1  space     of the block's first key
///         29     3  reserved  zeros; ignored
struct TableBlockIndex: Sendable {
    struct Row: Equatable, Sendable {
        var a: UInt64
        var b: UInt64
        var offset: UInt64
        var crc: UInt32
        var space: UInt8

        var firstKey: TableKey { TableKey(space: space, a, b) }
    }

    private(set) var rows: [Row] = []
    /// Where the last block ends.
    private(set) var end = 0

    var count: Int { rows.count }

    func range(of block: Int) -> Range<Int> {
        Int(rows[block].offset)..<(block + 1 < rows.count ? Int(rows[block + 1].offset) : end)
    }

    /// The last block that begins at `key` or below it: the only one that can hold it.
    func block(for key: TableKey) -> Int? {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].firstKey <= key { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }

    mutating func append(_ block: [UInt8], firstKey: TableKey) {
        rows.append(
            Row(
                a: firstKey.a, b: firstKey.b, offset: UInt64(end), crc: Checksum.unsalted(block.span.bytes),
                space: firstKey.space))
        end += block.count
    }
}

extension TableBlockIndex {
    func encoded() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: rows.count * TableFormat.indexRowByteCount)
        bytes.withUnsafeMutableBytes { target in
            for (index, row) in rows.enumerated() {
                let start = index * TableFormat.indexRowByteCount
                target.storeLittleEndian(row.a, at: start)
                target.storeLittleEndian(row.b, at: start + 8)
                target.storeLittleEndian(row.offset, at: start + 16)
                target.storeLittleEndian(row.crc, at: start + 24)
                target.storeLittleEndian(row.space, at: start + 28)
            }
        }
        return bytes
    }

    /// Decodes the rows of the table with this trailer.
    ///
    /// - Throws: The offset of the error is that in the file.
    init(decoding bytes: RawSpan, _ trailer: TableTrailer) throws(TableError) {
        func failure(_ offset: Int, _ reason: TableError.Reason) -> TableError {
            TableError(table: trailer.number, offset: trailer.indexOffset + offset, reason: reason)
        }
        guard bytes.byteCount == trailer.blockCount * TableFormat.indexRowByteCount else {
            throw failure(
                bytes.byteCount,
                .sizeMismatch(byteCount: trailer.indexOffset + bytes.byteCount, expected: trailer.fileByteCount))
        }
        let computedCRC = Checksum.unsalted(bytes)
        guard computedCRC == trailer.indexCRC else {
            throw failure(0, .checksumMismatch(stored: trailer.indexCRC, computed: computedCRC))
        }
        rows.reserveCapacity(trailer.blockCount)
        var start: UInt64 = 0
        for index in 0..<trailer.blockCount {
            let place = index * TableFormat.indexRowByteCount
            let row = Row(
                a: bytes.littleEndian(UInt64.self, at: place), b: bytes.littleEndian(UInt64.self, at: place + 8),
                offset: bytes.littleEndian(UInt64.self, at: place + 16),
                crc: bytes.littleEndian(UInt32.self, at: place + 24),
                space: bytes.littleEndian(UInt8.self, at: place + 28))
            if let last = rows.last {
                guard last.firstKey < row.firstKey else { throw failure(place, .malformed(field: "first key")) }
                guard row.offset > start, row.offset - start <= TableFormat.blockByteCountMax else {
                    throw failure(place, .malformed(field: "offset"))
                }
            } else if row.offset != 0 {
                throw failure(place, .malformed(field: "offset"))
            }
            start = row.offset
            rows.append(row)
        }
        end = trailer.indexOffset
        guard start <= UInt64(end), UInt64(end) - start <= TableFormat.blockByteCountMax,
            rows.isEmpty ? end == 0 : UInt64(end) > start
        else { throw failure(0, .malformed(field: "offset")) }
    }
}
