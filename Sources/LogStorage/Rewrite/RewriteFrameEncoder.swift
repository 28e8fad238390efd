import LZ4

/// Builds the frames of a rewrite segment, each a group by itself, in a buffer of its own that is reused.
// @unchecked: it owns its memory alone, and a noncopyable value is used by one thread at a time.
struct RewriteFrameEncoder: ~Copyable, @unchecked Sendable {
    /// The link of the next frame: the header CRC of the one before it.
    private(set) var previousFrameCRC: UInt32 = 0

    private let checksum: Checksum
    private var compressor: HCBlockCompressor
    private var frames = EncodedFrames()

    init(dictionary: SegmentDictionary, checksum: Checksum) {
        self.checksum = checksum
        self.compressor = HCBlockCompressor(dictionary: dictionary.block)
    }

    /// What has been encoded since ``removeAll()``.
    var byteCount: Int { frames.count }

    borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: frames.storage[..<frames.count]))
    }

    mutating func removeAll() {
        frames.removeAll()
    }

    /// Appends one frame and returns its header. The buffer starts at an aligned offset of the file.
    ///
    /// - Parameters:
    ///   - entries: At least one; their bodies fit a frame, or there is one alone.
    ///   - bodies: The entries' bodies, end to end.
    mutating func encode(_ entries: [RecordBatch.Entry], lsns: [LSN], bodies: [UInt8]) -> FrameHeader {
        precondition(!entries.isEmpty && entries.count <= FormatLimits.rewrittenRecordCountMax, "a frame's records")
        frames.reserve(
            FrameHeader.encodedByteCount + entries.count * FormatLimits.rewrittenEntryByteCountMax + bodies.count
                + FrameHeader.alignment)
        let start = frames.storage.baseAddress! + frames.count
        let directory = start + FrameHeader.encodedByteCount
        let baseTime = entries[0].time
        let directoryEnd = FrameDirectory.encode(entries, lsns: lsns, baseTime: baseTime, to: directory)
        let (codec, storedLength) = bodies.withUnsafeBytes { store($0, to: directoryEnd) }
        var header = FrameHeader(
            storedLength: storedLength, rawLength: bodies.count, directoryLength: directoryEnd - directory,
            recordCount: entries.count, codec: codec, flags: .rewritten, firstLSN: lsns[0], durableLSN: .first,
            baseTime: baseTime, payloadCRC: 0, writerEpoch: 0, previousFrameCRC: previousFrameCRC, groupIndex: 0,
            groupCount: 1)
        let byteCount = header.byteCount(at: frames.count)
        let payloadStart = FrameHeader.encodedByteCount + header.directoryLength
        let target = UnsafeMutableRawBufferPointer(rebasing: frames.storage[frames.count..<frames.count + byteCount])
        UnsafeMutableRawBufferPointer(rebasing: target[(payloadStart + storedLength)...])
            .initializeMemory(as: UInt8.self, repeating: 0)
        header.payloadCRC = checksum.of(UnsafeRawBufferPointer(rebasing: target[payloadStart...]))
        header.encode(to: target, checksum: checksum)
        previousFrameCRC = header.headerCRC
        frames.commit(byteCount)
        return header
    }

    /// Stores bodies at `target`, which has room for them raw.
    private mutating func store(
        _ bodies: UnsafeRawBufferPointer, to target: UnsafeMutableRawPointer
    ) -> (FrameCodec, Int) {
        if !bodies.isEmpty && bodies.count <= FormatLimits.frameBodyByteCountMax {
            // The compressor gives up where it would save less than a twentieth.
            let room = UnsafeMutableRawBufferPointer(start: target, count: bodies.count * 95 / 100)
            if let length = compressor.compress(bodies, into: room) { return (.lz4, length) }
        }
        UnsafeMutableRawBufferPointer(start: target, count: bodies.count).copyMemory(from: bodies)
        return (.raw, bodies.count)
    }
}
