import LZ4

/// A frame as read and checked.
package struct Frame: Equatable, Sendable {
    package var header: FrameHeader
    /// Bytes to where the next frame may start.
    package var byteCount: Int
    package var entries: [RecordBatch.Entry]
    /// The entries' LSNs in a rewrite segment; nil elsewhere, where they follow densely from ``FrameHeader/firstLSN``.
    package var lsns: [LSN]?
    /// The entries' bodies, end to end; empty when they were not read.
    package var bodies: [UInt8]
}

/// How much of a frame is read. Each case includes the ones before it.
package enum FrameParts: Sendable {
    /// Its header and directory, which have a checksum of their own.
    case directory
    /// Also the checksum of the stored bodies, which are not decompressed.
    case payloadChecksum
    /// All of it.
    case bodies
}

/// Reads the frames of one segment. Safe on any bytes: every length is checked before it is used.
///
/// In each call `bytes` starts at the frame and may end anywhere: ``FrameError/truncated(needed:available:)`` tells how
/// many it takes to get further.
package struct FrameDecoder: Sendable {
    private let checksum: Checksum
    private let dictionary: BlockDictionary
    private let isRewrite: Bool

    package init(segment: SegmentHeader) {
        self.checksum = Checksum(salt: segment.salt)
        self.dictionary = segment.dictionary.block
        self.isRewrite = segment.rewrite != nil
    }

    /// The header, checked with its directory's checksum.
    package func header(_ bytes: RawSpan) throws(FrameError) -> FrameHeader {
        try FrameHeader(decoding: bytes, checksum: checksum, isRewrite: isRewrite)
    }

    /// Appends the records that the directory lists, and has `lsns` hold those of a rewritten frame. The bodies need not have been read.
    package func directory(
        _ bytes: RawSpan, of header: FrameHeader, into entries: inout [RecordBatch.Entry], lsns: inout [LSN]?
    ) throws(FrameError) {
        let start = FrameHeader.encodedByteCount
        try FrameDirectory.decode(
            bytes.extracting(start..<start + header.directoryLength), of: header, into: &entries, lsns: &lsns)
    }

    /// Checks the stored bodies' checksum and decompresses nothing.
    ///
    /// - Parameter offset: Where the frame starts in its segment.
    package func checkPayload(_ bytes: RawSpan, of header: FrameHeader, at offset: Int) throws(FrameError) {
        let byteCount = header.byteCount(at: offset)
        guard bytes.byteCount >= byteCount else {
            throw .truncated(needed: byteCount, available: bytes.byteCount)
        }
        let payloadStart = FrameHeader.encodedByteCount + header.directoryLength
        let computed = checksum.of(bytes.extracting(payloadStart..<byteCount))
        guard computed == header.payloadCRC else {
            throw .payloadChecksumMismatch(stored: header.payloadCRC, computed: computed)
        }
    }

    /// Appends the bodies of a frame whose payload has been checked.
    package func bodies(
        _ bytes: RawSpan, of header: FrameHeader, into bodies: inout [UInt8]
    ) throws(FrameError) {
        let start = FrameHeader.encodedByteCount + header.directoryLength
        let stored = bytes.extracting(start..<start + header.storedLength)
        switch header.codec {
        case .raw:
            stored.withUnsafeBytes { bodies.append(contentsOf: $0) }
        case .lz4:
            let end = bodies.count
            bodies.append(contentsOf: repeatElement(0, count: header.rawLength))
            let failed = bodies.withUnsafeMutableBytes { target in
                stored.withUnsafeBytes { source in
                    let room = UnsafeMutableRawBufferPointer(rebasing: target[end...])
                    return (try? dictionary.decompress(source, into: room)) == nil
                }
            }
            // Why it failed says no more: the checksum held, so a writer stored what no writer may.
            if failed { throw .malformedBodies }
        }
    }

    /// The frame at `offset` of the segment, with everything checked that is read of it.
    package func frame(
        _ bytes: RawSpan, at offset: Int, reading parts: FrameParts = .bodies
    ) throws(FrameError) -> Frame {
        let header = try header(bytes)
        if parts != .directory { try checkPayload(bytes, of: header, at: offset) }
        var frame = Frame(header: header, byteCount: header.byteCount(at: offset), entries: [], bodies: [])
        frame.entries.reserveCapacity(header.recordCount)
        try directory(bytes, of: header, into: &frame.entries, lsns: &frame.lsns)
        if parts == .bodies { try bodies(bytes, of: header, into: &frame.bodies) }
        return frame
    }
}
