/// The segment that is being written: its file, and where the next frame goes.
///
/// Noncopyable, as the encoder is: two writers of one segment would tear it.
struct OpenSegment: ~Copyable {
    let header: SegmentHeader
    let file: any LogFile
    var encoder: FrameEncoder
    /// Where the next frame starts.
    private(set) var offset: Int

    init(header: SegmentHeader, file: any LogFile, padsCommits: Bool) {
        self.header = header
        self.file = file
        self.encoder = FrameEncoder(segment: header, padsCommits: padsCommits)
        self.offset = SegmentHeader.encodedByteCount
    }

    /// Room for appends at worst, the sync-point's kept back.
    func room(_ options: LogOptions) -> Int {
        options.roomForAppends(inSegment: header.byteCount) - (offset - SegmentHeader.encodedByteCount)
    }

    /// Writes what has been encoded, in one call.
    mutating func flush() throws(FileSystemError) {
        precondition(offset + encoder.byteCount <= header.byteCount, "frames beyond the segment's end")
        let file = file
        let offset = offset
        try encoder.withBytes { (bytes) throws(FileSystemError) in try file.write(bytes, at: offset) }
        self.offset += encoder.byteCount
        encoder.removeAll()
    }

    /// What the next segment's header says of this one, once all of it is synced.
    func asPredecessor(nextLSN: LSN) -> SegmentHeader.Predecessor {
        SegmentHeader.Predecessor(
            number: header.number, endOffset: UInt64(offset), lastLSN: nextLSN.rawValue - 1,
            lastFrameCRC: encoder.previousFrameCRC)
    }
}
