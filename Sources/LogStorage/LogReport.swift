/// What a look at every byte of a log came to.
package struct LogReport: Sendable {
    package var logID: LogID?
    package var segments: [SegmentReport] = []
    /// The rewrite segments; their records are copies, so ``recordCount`` does not count them.
    package var rewriteSegments: [SegmentReport] = []
    /// Every damage found, in the order of the segments. Empty: all that was acknowledged can be read.
    package var problems: [LogDamage] = []
    /// Footers that do not check. They are caches, and whoever needs one makes it anew: no record is concerned.
    package var notes: [FooterNote] = []
    /// Where bytes begin that were never acknowledged: of a commit that a crash cut, or one being written now.
    package var tornTail: LogDamage?
    /// The LSN after the last record that can be read.
    package var nextLSN = LSN.first

    package var isIntact: Bool { problems.isEmpty }
    package var recordCount: Int { segments.reduce(0) { $0 + $1.recordCount } }
}

/// A footer that is not the one its segment's frames have.
package struct FooterNote: Equatable, Sendable {
    package var file: LogFileID
    package var reason: FooterError
}

/// The figures of one segment.
package struct SegmentReport: Sendable {
    package var number: UInt64
    /// The segment's first record; the next one's number while it has none.
    package var firstLSN: LSN
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var creationTime: Int64
    /// The size it was made with. The file may be shorter once the segment has a successor.
    package var byteCount: Int
    /// Where its frames end.
    package var end: Int
    package var recordCount = 0
    /// Frames that hold records, and those that only vouch for the ones before.
    package var frameCount = 0
    package var syncPointCount = 0
    /// Atomic groups: commits.
    package var groupCount = 0
    package var directoryBytes = 0
    /// Bodies as they were appended, and as they are stored.
    package var bodyBytes = 0
    package var storedBytes = 0
    package var problemCount = 0
}

extension SegmentReport {
    init(_ header: SegmentHeader) {
        self.init(
            number: header.number, firstLSN: header.firstLSN, creationTime: header.creationTime,
            byteCount: header.byteCount, end: SegmentHeader.encodedByteCount)
    }

    mutating func add(_ located: LocatedFrame) {
        let header = located.frame.header
        end = located.offset + located.frame.byteCount
        if header.isSyncPoint {
            syncPointCount += 1
            return
        }
        frameCount += 1
        if header.isLastOfGroup { groupCount += 1 }
        recordCount += header.recordCount
        directoryBytes += header.directoryLength
        bodyBytes += header.rawLength
        storedBytes += header.storedLength
    }
}
