import LogStorage

extension LogStart {
    /// Where the index of a manifest ends.
    ///
    /// - Parameter readsSegment: The whole segment of the position is read: nothing of it is in the index.
    init(_ manifest: Manifest, readsSegment: Bool = false) {
        let firstLSN = manifest.appendSegments.first { $0.number == manifest.positionSegment }?.firstLSN
        self.init(
            segment: manifest.positionSegment,
            lsn: readsSegment ? firstLSN ?? manifest.position : manifest.position, sealed: manifest.sealedSegments,
            logID: manifest.logID)
    }
}

extension Manifest {
    /// The append segments before that of the position.
    var sealedSegments: [SealedSegment] {
        appendSegments.filter { $0.number < positionSegment }.map { row in
            SealedSegment(
                number: row.number, firstLSN: row.firstLSN, nextLSN: row.nextLSN, end: row.endOffset,
                lastFrameCRC: row.lastFrameCRC)
        }
    }
}
