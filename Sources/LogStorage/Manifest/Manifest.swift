/// The root of the engine's snapshot: which files make up the log, and how far the index covers it. SPEC.md §7.3.
///
/// It is the truth of one thing only: that a file which it does not list was dropped on purpose. All else in it can be
/// had again from the files.
package struct Manifest: Equatable, Sendable {
    package var logID: LogID
    /// At least 1, and that of the file's name.
    package var number: UInt64
    /// When it was made: milliseconds since 1970-01-01T00:00:00Z.
    package var time: Int64
    /// The engine's time when it was made, in the same unit: it never runs below.
    package var engineTime: Int64
    /// The index covers every record below this one.
    package var position: LSN
    /// The number of the append segment that holds, or is to hold, the record `position`.
    package var positionSegment: UInt64
    /// Append segments still in the log, ascending.
    package var appendSegments: [AppendSegment]
    /// Rewrite segments in the log, ascending.
    package var rewriteSegments: [RewriteSegment]
    /// The runs of the index, newest first.
    package var tables: [TableInfo]
    package var next: NextNumbers
    /// Bits that a reader which does not know them ignores.
    package var optionalFeatures: UInt32 = 0

    package struct AppendSegment: Equatable, Sendable {
        package var number: UInt64
        /// Of the segment's header.
        package var firstLSN: LSN
        /// The LSN after the segment's last record.
        package var nextLSN: LSN
        /// Where the segment's frames end, in bytes from the start of the file.
        package var endOffset: Int
        /// The header CRC of its last frame.
        package var lastFrameCRC: UInt32
        /// Bytes of its records before compression.
        package var recordByteCount: UInt64
        /// Those that are still needed.
        package var liveByteCount: UInt64

        package init(
            number: UInt64, firstLSN: LSN, nextLSN: LSN, endOffset: Int, lastFrameCRC: UInt32,
            recordByteCount: UInt64, liveByteCount: UInt64
        ) {
            self.number = number
            self.firstLSN = firstLSN
            self.nextLSN = nextLSN
            self.endOffset = endOffset
            self.lastFrameCRC = lastFrameCRC
            self.recordByteCount = recordByteCount
            self.liveByteCount = liveByteCount
        }
    }

    package struct RewriteSegment: Equatable, Sendable {
        package var number: UInt64
        /// Of the file.
        package var byteCount: Int
        /// Bytes of its records before compression.
        package var recordByteCount: UInt64
        /// Those that are still needed.
        package var liveByteCount: UInt64

        package init(number: UInt64, byteCount: Int, recordByteCount: UInt64, liveByteCount: UInt64) {
            self.number = number
            self.byteCount = byteCount
            self.recordByteCount = recordByteCount
            self.liveByteCount = liveByteCount
        }
    }

    /// The numbers for the next file of each sort; see ``ManifestStore/nextNumbers(after:)``.
    package struct NextNumbers: Equatable, Sendable {
        package var rewrite: UInt64
        package var table: UInt64
        package var manifest: UInt64

        package init(rewrite: UInt64 = 1, table: UInt64 = 1, manifest: UInt64 = 1) {
            self.rewrite = rewrite
            self.table = table
            self.manifest = manifest
        }
    }

    package init(
        logID: LogID, number: UInt64, time: Int64, engineTime: Int64, position: LSN, positionSegment: UInt64,
        appendSegments: [AppendSegment], rewriteSegments: [RewriteSegment], tables: [TableInfo], next: NextNumbers
    ) {
        self.logID = logID
        self.number = number
        self.time = time
        self.engineTime = engineTime
        self.position = position
        self.positionSegment = positionSegment
        self.appendSegments = appendSegments
        self.rewriteSegments = rewriteSegments
        self.tables = tables
        self.next = next
    }
}

extension Manifest {
    /// The first field, in file order, that holds what no manifest may.
    var fieldOutOfRange: String? {
        if number == 0 || number >= next.manifest { return "number" }
        if position < .first || position > FormatLimits.lsnMax { return "position" }
        let numbers = 1...FormatLimits.fileNumberMax
        if !numbers.contains(positionSegment) { return "positionSegment" }
        guard numbers.contains(next.rewrite), numbers.contains(next.table), numbers.contains(next.manifest) else {
            return "next numbers"
        }
        return fieldOutOfRangeInAppendSegments ?? fieldOutOfRangeInRewriteSegments ?? fieldOutOfRangeInTables
    }

    private var fieldOutOfRangeInAppendSegments: String? {
        var number: UInt64 = 0
        var lsn = LSN.first
        for segment in appendSegments {
            if segment.number <= number || segment.number > FormatLimits.fileNumberMax {
                return "append segment's number"
            }
            if segment.firstLSN < lsn { return "append segment's firstLSN" }
            if segment.nextLSN < segment.firstLSN || segment.nextLSN > FormatLimits.lsnMax {
                return "append segment's nextLSN"
            }
            let ends = SegmentHeader.encodedByteCount...FormatLimits.segmentByteCounts.upperBound
            if !ends.contains(segment.endOffset) || segment.endOffset % 8 != 0 { return "append segment's endOffset" }
            if segment.recordByteCount > FormatLimits.fileRecordByteCountMax {
                return "append segment's recordByteCount"
            }
            if segment.liveByteCount > segment.recordByteCount { return "append segment's liveByteCount" }
            number = segment.number
            lsn = segment.nextLSN
        }
        return nil
    }

    private var fieldOutOfRangeInRewriteSegments: String? {
        var number: UInt64 = 0
        for segment in rewriteSegments {
            if segment.number <= number || segment.number >= next.rewrite { return "rewrite segment's number" }
            if segment.byteCount < 0 { return "rewrite segment's byteCount" }
            if segment.recordByteCount > FormatLimits.fileRecordByteCountMax {
                return "rewrite segment's recordByteCount"
            }
            if segment.liveByteCount > segment.recordByteCount { return "rewrite segment's liveByteCount" }
            number = segment.number
        }
        return nil
    }

    private var fieldOutOfRangeInTables: String? {
        var numbers: Set<UInt64> = []
        for table in tables {
            // A merged run is older than its number says, so the numbers have no order.
            guard table.number > 0, table.number < next.table, numbers.insert(table.number).inserted else {
                return "table's number"
            }
            if table.byteCount < TableTrailer.encodedByteCount { return "table's byteCount" }
            if table.entryCount < 0 { return "table's entryCount" }
        }
        return nil
    }
}
