import LogStorage

extension LogStart {
    /// Where the index of a manifest ends.
    ///
    /// - Parameter readsEverything: The index cannot be read: everything that the manifest lists is.
    init(_ manifest: Manifest, readsEverything: Bool = false) {
        let sealed = manifest.appendSegments.filter { $0.number < manifest.positionSegment }.map { row in
            SealedSegment(
                number: row.number, firstLSN: row.firstLSN, nextLSN: row.nextLSN, end: row.endOffset,
                lastFrameCRC: row.lastFrameCRC)
        }
        let first = readsEverything ? sealed.first : nil
        self.init(
            segment: first?.number ?? manifest.positionSegment, lsn: first?.firstLSN ?? manifest.position,
            sealed: sealed, logID: manifest.logID)
    }
}
