/// Which frames of one segment hold records of which execution, and what the segment holds in all: what its footer says,
/// built from the directories of its frames alone.
package struct SegmentPostings: Equatable, Sendable {
    /// What the segment holds of one execution.
    package struct Execution: Equatable, Sendable {
        package var number: UInt64
        package var recordCount = 0
        /// Of its bodies, before compression.
        package var recordBytes = 0
        /// Where the frames start that hold them, ascending.
        package var offsets: [Int] = []
    }

    /// The segment as a whole.
    package struct Totals: Equatable, Sendable {
        package var executionCount = 0
        /// Frames that hold records, and those that only vouch for the ones before.
        package var frameCount = 0
        package var syncPointCount = 0
        package var recordCount = 0
        /// Of all bodies, before compression.
        package var recordBytes = 0
        /// Of the records, milliseconds since 1970-01-01T00:00:00Z; 0 without a record, like the LSNs.
        package var timeMin: Int64 = 0
        package var timeMax: Int64 = 0
        package var lsnMin: UInt64 = 0
        package var lsnMax: UInt64 = 0
    }

    package private(set) var totals = Totals()
    /// Where the frames end.
    package private(set) var framesEnd = SegmentHeader.encodedByteCount
    /// The header CRC of the last frame.
    package private(set) var lastFrameCRC: UInt32 = 0
    /// In an append segment, where to start looking for an LSN.
    private(set) var marks: [SegmentList.Mark] = []

    private var unordered: [Execution] = []
    private var indexes: [UInt64: Int] = [:]

    package init() {}

    /// What it holds of each execution, by ascending number.
    package var executions: [Execution] {
        unordered.sorted { $0.number < $1.number }
    }

    /// Notes the next frame of the segment.
    package mutating func add(_ frame: FrameOutline) {
        precondition(frame.location.offset == framesEnd, "frames lie end to end")
        framesEnd += frame.byteCount
        lastFrameCRC = frame.header.headerCRC
        if frame.header.isSyncPoint {
            totals.syncPointCount += 1
            return
        }
        totals.frameCount += 1
        let isRewritten = frame.header.flags.contains(.rewritten)
        if !isRewritten && frame.header.groupIndex == 0 { mark(frame) }
        for (index, entry) in frame.entries.enumerated() {
            count(entry, lsn: frame.lsn(at: index).rawValue)
            post(entry, at: frame.location.offset)
        }
    }

    mutating func add(_ located: LocatedFrame, of file: LogFileID) {
        add(FrameOutline(located.frame, at: FrameLocation(file: file, offset: located.offset)))
    }

    private mutating func count(_ entry: RecordBatch.Entry, lsn: UInt64) {
        let isFirst = totals.recordCount == 0
        totals.recordCount += 1
        totals.recordBytes += entry.length
        totals.timeMin = isFirst ? entry.time : min(totals.timeMin, entry.time)
        totals.timeMax = isFirst ? entry.time : max(totals.timeMax, entry.time)
        totals.lsnMin = isFirst ? lsn : min(totals.lsnMin, lsn)
        totals.lsnMax = max(totals.lsnMax, lsn)
    }

    private mutating func post(_ entry: RecordBatch.Entry, at offset: Int) {
        let index = indexes[entry.execution] ?? unordered.count
        if index == unordered.count {
            indexes[entry.execution] = index
            unordered.append(Execution(number: entry.execution))
            totals.executionCount += 1
        }
        unordered[index].recordCount += 1
        unordered[index].recordBytes += entry.length
        if unordered[index].offsets.last != offset { unordered[index].offsets.append(offset) }
    }

    /// By the rule of ``SegmentList/Entry/note(_:at:)``.
    private mutating func mark(_ frame: FrameOutline) {
        let offset = frame.location.offset
        if let last = marks.last, offset - last.offset < SegmentList.markDistance { return }
        marks.append(SegmentList.Mark(lsn: frame.header.firstLSN, offset: offset))
    }
}
