extension Manifest {
    /// The append segments all of which the index covers.
    package var sealedSegments: [SealedSegment] { listedSegments.filter { $0.number < positionSegment } }

    /// All that are listed: up to the last of them, which holds the position, others were dropped on purpose.
    package var listedSegments: [SealedSegment] {
        appendSegments.map { row in
            SealedSegment(
                number: row.number, firstLSN: row.firstLSN, nextLSN: row.nextLSN, end: row.endOffset,
                lastFrameCRC: row.lastFrameCRC)
        }
    }
}
