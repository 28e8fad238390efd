/// An immutable run of the index, open for reading. Thread-safe; calls block.
///
/// It keeps the block index in memory and the file open: a table that is removed meanwhile stays readable to the end.
/// Every block is checked against its checksum whenever it is read.
package final class TableReader: Sendable {
    package let info: TableInfo
    let index: TableBlockIndex
    private let handle: LogFileHandle

    /// Opens the table, and checks that it is the one that the manifest lists; its blocks are checked when they are read.
    package init(_ info: TableInfo, directory: String, fileSystem: any LogFileSystem) throws(TableError) {
        self.info = info
        let path = directory + "/" + LogFileKind.table.name(info.number)
        let handle = try info.asking { () throws(FileSystemError) in
            LogFileHandle(try fileSystem.open(path, .read))
        }
        self.handle = handle
        let size = try info.asking { () throws(FileSystemError) in try handle.file.size() }
        let trailerOffset = info.byteCount - TableTrailer.encodedByteCount
        guard size == info.byteCount, trailerOffset >= 0 else {
            throw TableError(
                table: info.number, offset: 0, reason: .sizeMismatch(byteCount: size, expected: info.byteCount))
        }
        let end = try info.asking { () throws(FileSystemError) in
            try handle.file.read(at: trailerOffset, count: TableTrailer.encodedByteCount)
        }
        let trailer = try TableTrailer(decoding: end.span.bytes, of: info)
        let rows = try info.asking { () throws(FileSystemError) in
            try handle.file.read(at: trailer.indexOffset, count: trailerOffset - trailer.indexOffset)
        }
        index = try TableBlockIndex(decoding: rows.span.bytes, trailer)
    }

    /// What the run says of `key`; nil when it says nothing. One block is read.
    package func entry(for key: TableKey) throws(TableError) -> TableEntry? {
        guard let block = index.block(for: key) else { return nil }
        let range = index.range(of: block)
        let bytes = try read(range)
        try check(block, in: bytes, at: 0)
        var cursor = TableBlockCursor(bytes, 0..<bytes.count)
        do throws(TableBlockCursor.Malformed) {
            while let next = try cursor.next() {
                if next == key { return cursor.entry }
                if next > key { return nil }
            }
            return nil
        } catch {
            throw failure(range.lowerBound + error.offset, .malformed(field: error.field))
        }
    }

    /// The entries from `key` on and below `end`, in order, tombstones included.
    package func scan(from key: TableKey, below end: TableKey) -> TableScan {
        TableScan(self, from: key, below: end)
    }

    /// Reads everything: each checksum, each entry, and their number.
    package func verify() throws(TableError) {
        var scan = TableScan(self, from: TableKey(space: 0, 0, 0), below: nil)
        var count = 0
        while try scan.next() != nil { count += 1 }
        guard count == info.entryCount else { throw failure(index.end, .malformed(field: "entryCount")) }
    }

    func read(_ range: Range<Int>) throws(TableError) -> [UInt8] {
        let bytes = try info.asking(at: range.lowerBound) { () throws(FileSystemError) in
            try handle.file.read(at: range.lowerBound, count: range.count)
        }
        guard bytes.count == range.count else {
            throw failure(
                range.lowerBound + bytes.count,
                .sizeMismatch(byteCount: range.lowerBound + bytes.count, expected: info.byteCount))
        }
        return bytes
    }

    /// Checks the checksum of a block that lies in `bytes` at `offset`.
    func check(_ block: Int, in bytes: [UInt8], at offset: Int) throws(TableError) {
        let range = index.range(of: block)
        let computedCRC = Checksum.unsalted(bytes.span.bytes.extracting(offset..<offset + range.count))
        let storedCRC = index.rows[block].crc
        guard computedCRC == storedCRC else {
            throw failure(range.lowerBound, .checksumMismatch(stored: storedCRC, computed: computedCRC))
        }
    }

    func failure(_ offset: Int, _ reason: TableError.Reason) -> TableError {
        TableError(table: info.number, offset: offset, reason: reason)
    }
}

extension TableInfo {
    /// Names the table in an error of the file system.
    fileprivate func asking<Answer>(
        at offset: Int = 0, _ body: () throws(FileSystemError) -> Answer
    ) throws(TableError) -> Answer {
        do throws(FileSystemError) {
            return try body()
        } catch {
            throw TableError(table: number, offset: offset, reason: .storage(error))
        }
    }
}
