/// A frame's place and its directory, without bodies: what indexing, accounting and recovery go by.
package struct FrameOutline: Equatable, Sendable {
    package var location: FrameLocation
    /// Bytes to where the next frame may start.
    package var byteCount: Int
    package var header: FrameHeader
    package var entries: [RecordBatch.Entry]
    /// The entries' LSNs in a rewrite segment; nil elsewhere, where they follow densely from ``FrameHeader/firstLSN``.
    package var lsns: [LSN]?

    package init(
        location: FrameLocation, byteCount: Int, header: FrameHeader, entries: [RecordBatch.Entry], lsns: [LSN]? = nil
    ) {
        self.location = location
        self.byteCount = byteCount
        self.header = header
        self.entries = entries
        self.lsns = lsns
    }

    /// The LSN of the entry at `index`.
    package func lsn(at index: Int) -> LSN {
        lsns.map { $0[index] } ?? header.firstLSN.advanced(by: index)
    }
}

extension FrameOutline {
    init(_ frame: Frame, at location: FrameLocation) {
        self.init(
            location: location, byteCount: frame.byteCount, header: frame.header, entries: frame.entries,
            lsns: frame.lsns)
    }
}
