import Synchronization

/// Where a recovery may begin, instead of at the log's first record: what was known of the log when a snapshot of the
/// engine was made durable, which covers everything before.
package struct LogStart: Equatable, Sendable {
    /// The first append segment whose frames are read. It holds `lsn`, or ends there.
    package var segment: UInt64
    /// Every record below was durable and is covered by the snapshot: nothing of it is handed out.
    package var lsn: LSN
    /// The append segments before `segment` that the log still has, by ascending number. They are not read. Numbers
    /// between them that are not here were dropped on purpose; rows of `segment` and beyond are ignored.
    package var sealed: [SealedSegment]
    /// The log that the snapshot is of; nil takes any.
    package var logID: LogID?
    /// Every record below was durable, like those below `lsn`: a log that ends before it has lost some.
    package var durable: LSN

    package init(
        segment: UInt64, lsn: LSN, sealed: [SealedSegment], logID: LogID? = nil, durable: LSN? = nil
    ) {
        self.segment = segment
        self.lsn = lsn
        self.sealed = sealed
        self.logID = logID
        self.durable = durable ?? lsn
    }
}

/// An append segment that has a successor, so that it never changes.
package struct SealedSegment: Equatable, Sendable {
    package var number: UInt64
    package var firstLSN: LSN
    /// The LSN after its last record.
    package var nextLSN: LSN
    /// Where its frames end.
    package var end: Int
    /// The header CRC of its last frame.
    package var lastFrameCRC: UInt32

    package init(number: UInt64, firstLSN: LSN, nextLSN: LSN, end: Int, lastFrameCRC: UInt32) {
        self.number = number
        self.firstLSN = firstLSN
        self.nextLSN = nextLSN
        self.end = end
        self.lastFrameCRC = lastFrameCRC
    }
}

extension SegmentedLog {
    /// The segments that have a successor, by ascending number: for the list that a later opening starts from.
    package var sealedSegments: [SealedSegment] {
        state.content.withLock { content in
            content.segments.entries.dropLast().map { entry in
                SealedSegment(
                    number: entry.number, firstLSN: entry.firstLSN, nextLSN: entry.nextLSN, end: entry.end,
                    lastFrameCRC: entry.lastFrameCRC)
            }
        }
    }

    /// Where the readable frames of a segment end; nil when it is not in the log.
    package func end(ofSegment number: UInt64) -> Int? {
        state.content.withLock { content in
            content.segments.index(ofNumber: number).map { content.segments.entries[$0].end }
        }
    }

    /// The number of the segment that is being written.
    package var newestSegment: UInt64 {
        state.content.withLock { $0.segments.entries.last?.number ?? 0 }
    }

    /// The first LSN that the segment which is being written holds, or is to hold.
    package var newestFirstLSN: LSN {
        state.content.withLock { $0.segments.entries.last?.firstLSN ?? .first }
    }

    /// Has readers look for nothing more in these segments. Removing the files is the caller's, once no snapshot that an
    /// opening may start from lists them. The newest segment stays.
    package func forget(segments numbers: Set<UInt64>) {
        state.content.withLock { content in
            let newest = content.segments.entries.last?.number
            content.segments.entries.removeAll { $0.number != newest && numbers.contains($0.number) }
        }
    }
}
