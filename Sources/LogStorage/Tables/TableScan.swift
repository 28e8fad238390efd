/// The entries of one run in a range of keys, in order. Reads ahead, twice as far each time, up to 64 KiB.
package struct TableScan: Sendable {
    private let reader: TableReader
    private let start: TableKey
    /// Nil: to the run's end.
    private let end: TableKey?

    /// The block to read next.
    private var nextBlock: Int
    /// Blocks that were read and not looked at yet, and where the first of them begins in `bytes`.
    private var readBlocks: Range<Int>
    private var bytes: [UInt8] = []
    private var bytesOffset = 0
    /// Where the block begins that was entered last.
    private var blockOffset = 0
    private var readLimit = TableFormat.blockByteCount
    private var cursor = TableBlockCursor([], 0..<0)
    /// Where `bytes` begin in the file.
    private var fileOffset = 0
    private var lastKey: TableKey?
    /// What the block index says of the block that was just entered.
    private var firstKey: TableKey?

    private static let readLimitMax = 64 << 10

    init(_ reader: TableReader, from start: TableKey, below end: TableKey?) {
        self.reader = reader
        self.start = start
        self.end = end
        nextBlock = reader.index.block(for: start) ?? 0
        readBlocks = nextBlock..<nextBlock
    }

    /// The next entry; nil behind the last one. After an error the scan is of no more use.
    package mutating func next() throws(TableError) -> (key: TableKey, entry: TableEntry)? {
        while true {
            guard let key = try nextInBlock() else {
                guard try enterBlock() else { return nil }
                continue
            }
            if let end, key >= end {
                nextBlock = reader.index.count
                readBlocks = nextBlock..<nextBlock
                cursor = TableBlockCursor([], 0..<0)
                return nil
            }
            if key >= start { return (key, cursor.entry) }
        }
    }

    private mutating func nextInBlock() throws(TableError) -> TableKey? {
        do throws(TableBlockCursor.Malformed) {
            guard let key = try cursor.next() else { return nil }
            // Within a block the coding sees to the order.
            if let firstKey, key != firstKey || lastKey.map({ $0 >= key }) ?? false {
                throw TableBlockCursor.Malformed(offset: blockOffset, field: "first key")
            }
            firstKey = nil
            lastKey = key
            return key
        } catch {
            throw reader.failure(fileOffset + error.offset, .malformed(field: error.field))
        }
    }

    private mutating func enterBlock() throws(TableError) -> Bool {
        if readBlocks.isEmpty {
            guard nextBlock < reader.index.count else { return false }
            try readAhead()
        }
        let block = readBlocks.lowerBound
        let count = reader.index.range(of: block).count
        try reader.check(block, in: bytes, at: bytesOffset)
        cursor = TableBlockCursor(bytes, bytesOffset..<bytesOffset + count)
        firstKey = reader.index.rows[block].firstKey
        blockOffset = bytesOffset
        bytesOffset += count
        readBlocks = block + 1..<readBlocks.upperBound
        return true
    }

    private mutating func readAhead() throws(TableError) {
        let first = reader.index.range(of: nextBlock)
        var after = nextBlock + 1
        var range = first
        while after < reader.index.count {
            if let end, reader.index.rows[after].firstKey >= end { break }
            let longer = first.lowerBound..<reader.index.range(of: after).upperBound
            guard longer.count <= readLimit else { break }
            range = longer
            after += 1
        }
        bytes = try reader.read(range)
        fileOffset = range.lowerBound
        bytesOffset = 0
        readBlocks = nextBlock..<after
        nextBlock = after
        readLimit = min(2 * readLimit, Self.readLimitMax)
    }
}
