/// Writes one run of the index as a table: whole and durable once ``finish()`` returns, and nothing before.
///
/// Memory is a buffer of 256 KiB and 32 bytes for each block of 4 KiB written. After an error the table is given up:
/// call ``abandon()``. One that is merely dropped stays as a temporary file until the next opening.
package struct TableWriter: ~Copyable {
    private let number: UInt64
    private let whole: WholeFile
    private var block = TableBlockEncoder()
    private var index = TableBlockIndex()
    private var lastKey: TableKey?
    private var entryCount = 0
    /// Blocks that are complete and not written yet.
    private var buffer: [UInt8] = []
    private var writtenByteCount = 0
    private var unsyncedByteCount = 0

    /// Bytes written at a time.
    private static let bufferByteCount = 256 << 10
    /// Bytes written between two syncs: one large sync at the end would hold up the commits that run beside it.
    private static let syncDistance = 1 << 20

    /// - Parameter number: At least 1, and never used by a table of this log before.
    package init(
        number: UInt64, directory: String, fileSystem: any LogFileSystem
    ) throws(FileSystemError) {
        precondition(number > 0, "tables are numbered from 1")
        self.number = number
        whole = try WholeFile(LogFileKind.table.name(number), in: directory, fileSystem)
    }

    /// Appends an entry.
    ///
    /// - Parameters:
    ///   - key: Above all that were appended.
    ///   - entry: A value has at most ``TableFormat/valueByteCountMax`` bytes.
    package mutating func append(_ key: TableKey, _ entry: TableEntry) throws(FileSystemError) {
        if let lastKey { precondition(lastKey < key, "\(key) is appended to a table after \(lastKey)") }
        let byteCountMax = TableBlockEncoder.byteCountMax(of: entry)
        precondition(byteCountMax <= TableFormat.blockByteCountMax, "a value of a table is too large")
        if block.bytes.count + byteCountMax > TableFormat.blockByteCount { try endBlock() }
        block.append(key, entry)
        lastKey = key
        entryCount += 1
    }

    /// Makes the table durable under its name, and gives what the manifest lists of it. After an error it may have the
    /// name all the same: its number is not to be used again.
    package consuming func finish() throws(FileSystemError) -> TableInfo {
        do throws(FileSystemError) {
            try endBlock()
            let rows = index.encoded()
            let trailer = TableTrailer(
                number: number, indexOffset: index.end, blockCount: index.count, entryCount: entryCount,
                indexCRC: Checksum.unsalted(rows.span.bytes))
            let bytes = trailer.encoded()
            buffer += rows
            buffer += bytes
            try flush()
            try whole.publish()
            return trailer.info(encoded: bytes)
        } catch {
            whole.discard()
            throw error
        }
    }

    /// Gives the space back.
    package consuming func abandon() {
        whole.discard()
    }

    private mutating func endBlock() throws(FileSystemError) {
        guard let firstKey = block.firstKey else { return }
        index.append(block.bytes, firstKey: firstKey)
        buffer += block.bytes
        block.removeAll()
        if buffer.count >= Self.bufferByteCount { try flush() }
    }

    private mutating func flush() throws(FileSystemError) {
        try whole.file.write(buffer, at: writtenByteCount)
        writtenByteCount += buffer.count
        unsyncedByteCount += buffer.count
        buffer.removeAll(keepingCapacity: true)
        guard unsyncedByteCount >= Self.syncDistance else { return }
        try whole.file.syncData()
        unsyncedByteCount = 0
    }
}
