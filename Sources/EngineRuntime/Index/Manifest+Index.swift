import LogStorage

extension LogStart {
    /// Where the index of a manifest ends.
    ///
    /// - Parameter readsSegment: The index cannot be read: the segment in which it ends is read from its first record. Those
    ///   before it are for the caller, since there are gaps where some were dropped.
    init(_ manifest: Manifest, readsSegment: Bool = false) {
        let first = manifest.appendSegments.first { $0.number == manifest.positionSegment }?.firstLSN
        self.init(
            segment: manifest.positionSegment, lsn: readsSegment ? first ?? .first : manifest.position,
            sealed: manifest.sealedSegments, logID: manifest.logID, durable: manifest.position)
    }
}
