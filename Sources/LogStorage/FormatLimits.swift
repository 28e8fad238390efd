/// The bounds of the log's format, version 1. SPEC.md §1.9 is the authority.
package enum FormatLimits {
    /// The newest version that this build reads, and the one it writes.
    package static let version: UInt32 = 1
    /// The greatest first LSN of a frame or a segment: sums of it and any count of records stay within 64 bits.
    package static let lsnMax = LSN(UInt64(Int64.max))
    /// The greatest number of a file: whoever makes the next one counts on from it.
    package static let fileNumberMax = UInt64(Int64.max)
    /// What one file's records can come to before compression, with room: LZ4 makes 255 bytes of one at most. Sums over
    /// all files of a manifest stay within 64 bits.
    package static let fileRecordByteCountMax = 1 << 40
    /// Bodies in a frame of more than one record, before compression.
    package static let frameBodyByteCountMax = 64 << 10
    /// Records in a frame.
    package static let frameRecordCountMax = 4_096
    /// The body of one record.
    package static let recordByteCountMax = 16 << 20
    /// The frames of one atomic group, as ``FrameEncoder/encodedByteCountMax(recordCount:bodyByteCount:)`` bounds them.
    package static let groupByteCountMax = 32 << 20
    package static let dictionaryByteCountMax = 4_096
    /// A segment file: room for its header, and for offsets of 32 bits in later footers.
    package static let segmentByteCounts = 16 << 10...1 << 30

    /// Records in a rewritten frame, as written: their entries fill the directory's limit at worst.
    static let rewrittenRecordCountMax = directoryByteCountMax / rewrittenEntryByteCountMax
    /// Frames of a rewrite segment, as written: its header and its footer fit the limit of a file besides.
    package static let rewriteFramesByteCountMax = 512 << 20

    /// A directory entry: two varints of 64 bits, one of 32, one of a body's length, and the kind.
    static let directoryEntryByteCountMax = 10 + 5 + 1 + 4 + 10
    /// One of a rewritten frame: an LSN besides.
    static let rewrittenEntryByteCountMax = directoryEntryByteCountMax + 10
    static let directoryByteCountMax = frameRecordCountMax * directoryEntryByteCountMax
    static let groupFrameCountMax = Int(UInt16.max)
}
