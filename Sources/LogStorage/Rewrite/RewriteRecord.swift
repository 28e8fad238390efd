/// A record of a rewrite segment: one that was appended, under the LSN that it had then; or a part of a snapshot, of a kind
/// of 0xC0 or above, whose LSN is that of the last event that the snapshot covers.
package typealias RewriteRecord = LogRecord

/// What a rewrite segment holds, as told when it was made.
package struct RewriteSegmentInfo: Equatable, Sendable {
    package var number: UInt64
    /// Of the file.
    package var byteCount: Int
    /// Of all records' bodies, before compression; the other figures are beside it.
    package var recordBytes: Int { totals.recordBytes }
    package var totals: SegmentPostings.Totals
    /// By ascending number; each with the places of its frames.
    package var executions: [SegmentPostings.Execution]

    package var file: LogFileID { .rewrite(number) }
}
