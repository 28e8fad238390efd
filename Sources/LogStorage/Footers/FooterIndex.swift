/// What of a footer is read when it is opened: totals, which block holds which executions, marks. SPEC.md §1.14.
///
///     offset  size  field
///          0     4  executionCount
///          4     4  frameCount        of frames with records
///          8     4  syncPointCount
///         12     4  recordCount
///         16     8  recordBytes       of the bodies, before compression
///         24     8  timeMin
///         32     8  timeMax
///         40     8  lsnMin
///         48     8  lsnMax
///         56        for each block: first execution u64, offset in the file u32, length u32, executions u32, salted CRC u32
///                   for each mark: LSN u64, offset u64
struct FooterIndex: Equatable {
    static let totalsByteCount = 56
    static let blockByteCount = 24
    static let markByteCount = 16

    struct Block: Equatable {
        var firstExecution: UInt64
        var offset: Int
        var length: Int
        var executionCount: Int
        var crc: UInt32
    }

    var totals: SegmentPostings.Totals
    var blocks: [Block] = []
    var marks: [SegmentList.Mark] = []

    /// Which of the blocks holds the execution if any does.
    func block(of execution: UInt64) -> Int? {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].firstExecution <= execution { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : nil
    }
}

extension FooterIndex {
    /// Decodes an index whose checksum and length the trailer vouches for, and checks what lookups rely on.
    init(decoding bytes: RawSpan, _ trailer: FooterTrailer) throws(FooterError) {
        precondition(bytes.byteCount == trailer.indexLength, "the length that the trailer has")
        totals = SegmentPostings.Totals(
            executionCount: Int(bytes.littleEndian(UInt32.self, at: 0)),
            frameCount: Int(bytes.littleEndian(UInt32.self, at: 4)),
            syncPointCount: Int(bytes.littleEndian(UInt32.self, at: 8)),
            recordCount: Int(bytes.littleEndian(UInt32.self, at: 12)),
            recordBytes: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: 16)),
            timeMin: bytes.littleEndian(Int64.self, at: 24), timeMax: bytes.littleEndian(Int64.self, at: 32),
            lsnMin: bytes.littleEndian(UInt64.self, at: 40), lsnMax: bytes.littleEndian(UInt64.self, at: 48))
        var place = Self.totalsByteCount
        var end = FooterTrailer.footerStart(framesEnd: trailer.framesEnd)
        var executionCount = 0
        for _ in 0..<trailer.blockCount {
            let block = Block(
                firstExecution: bytes.littleEndian(UInt64.self, at: place),
                offset: Int(bytes.littleEndian(UInt32.self, at: place + 8)),
                length: Int(bytes.littleEndian(UInt32.self, at: place + 12)),
                executionCount: Int(bytes.littleEndian(UInt32.self, at: place + 16)),
                crc: bytes.littleEndian(UInt32.self, at: place + 20))
            // End to end, from the footer's start to the index, and ascending.
            guard block.offset == end, block.length <= trailer.indexOffset - end, block.executionCount > 0,
                blocks.last.map({ $0.firstExecution < block.firstExecution }) ?? true
            else { throw .damaged(part: "index") }
            end += block.length
            executionCount += block.executionCount
            blocks.append(block)
            place += Self.blockByteCount
        }
        guard end == trailer.indexOffset, totals.recordBytes >= 0, executionCount == totals.executionCount else {
            throw .damaged(part: "index")
        }
        for _ in 0..<trailer.markCount {
            let mark = SegmentList.Mark(
                lsn: LSN(bytes.littleEndian(UInt64.self, at: place)),
                offset: Int(truncatingIfNeeded: bytes.littleEndian(UInt64.self, at: place + 8)))
            let offsets = (marks.last?.offset ?? SegmentHeader.encodedByteCount - 1) + 1..<trailer.framesEnd
            guard mark.offset < trailer.framesEnd, offsets.contains(mark.offset), mark.lsn >= .first,
                marks.last.map({ $0.lsn < mark.lsn }) ?? true
            else { throw .damaged(part: "index") }
            marks.append(mark)
            place += Self.markByteCount
        }
    }

    func encoded() -> [UInt8] {
        let length = Self.totalsByteCount + blocks.count * Self.blockByteCount + marks.count * Self.markByteCount
        var bytes = [UInt8](repeating: 0, count: length)
        bytes.withUnsafeMutableBytes { target in
            for (index, count) in [
                totals.executionCount, totals.frameCount, totals.syncPointCount, totals.recordCount,
            ].enumerated() {
                target.storeLittleEndian(UInt32(count), at: 4 * index)
            }
            target.storeLittleEndian(UInt64(totals.recordBytes), at: 16)
            target.storeLittleEndian(totals.timeMin, at: 24)
            target.storeLittleEndian(totals.timeMax, at: 32)
            target.storeLittleEndian(totals.lsnMin, at: 40)
            target.storeLittleEndian(totals.lsnMax, at: 48)
            var place = Self.totalsByteCount
            for block in blocks {
                target.storeLittleEndian(block.firstExecution, at: place)
                target.storeLittleEndian(UInt32(block.offset), at: place + 8)
                target.storeLittleEndian(UInt32(block.length), at: place + 12)
                target.storeLittleEndian(UInt32(block.executionCount), at: place + 16)
                target.storeLittleEndian(block.crc, at: place + 20)
                place += Self.blockByteCount
            }
            for mark in marks {
                target.storeLittleEndian(mark.lsn.rawValue, at: place)
                target.storeLittleEndian(UInt64(mark.offset), at: place + 8)
                place += Self.markByteCount
            }
        }
        return bytes
    }
}
