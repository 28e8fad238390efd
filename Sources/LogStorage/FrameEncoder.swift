import LZ4

/// Builds the frames of one segment, in order, in a buffer of its own that is reused: no allocation per record or frame
/// once it has grown.
///
/// Each call to ``encodeGroup(entries:bodies:firstLSN:durableLSN:)`` appends the frames of one atomic group. The owner
/// writes ``withBytes(_:)`` to the segment and calls ``removeAll()``. A group that does not fit the segment is taken back
/// by ``removeAll()`` and ``previousFrameCRC``, and encoded again by the next segment's encoder: the salt differs.
// @unchecked: it owns its memory alone, and a noncopyable value is used by one thread at a time.
package struct FrameEncoder: ~Copyable, @unchecked Sendable {
    /// The link of the next frame: the header CRC of the one before it.
    package var previousFrameCRC: UInt32

    private let checksum: Checksum
    private let writerEpoch: UInt32
    private let padsCommits: Bool
    private var compressor: BlockCompressor
    private var frames = EncodedFrames()
    /// For each frame of the group in work, the index after its last record.
    private var frameEnds: [Int] = []

    /// - Parameter padsCommits: Every group ends at a multiple of 4096 bytes. For disks that may tear a sector: none is
    ///   written twice.
    package init(segment: SegmentHeader, padsCommits: Bool = false) {
        self.previousFrameCRC = segment.predecessor?.lastFrameCRC ?? 0
        self.checksum = Checksum(salt: segment.salt)
        self.writerEpoch = segment.writerEpoch
        self.padsCommits = padsCommits
        self.compressor = BlockCompressor(dictionary: segment.dictionary.block)
    }

    /// No group of these figures is longer than this: what room for it has to be reserved.
    package static func encodedByteCountMax(recordCount: Int, bodyByteCount: Int) -> Int {
        // Of two adjacent frames that were closed for their bytes, the bodies exceed one frame's limit.
        let frameCount =
            2 * (bodyByteCount / FormatLimits.frameBodyByteCountMax)
            + recordCount / FormatLimits.frameRecordCountMax + 2
        return bodyByteCount + recordCount * FormatLimits.directoryEntryByteCountMax
            + frameCount * (FrameHeader.encodedByteCount + FrameHeader.alignment) + FrameHeader.paddedAlignment
    }

    /// What has been encoded since ``removeAll()``.
    package var byteCount: Int { frames.count }

    package borrowing func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: frames.storage[..<frames.count]))
    }

    package mutating func removeAll() {
        frames.removeAll()
    }

    /// Appends the frames of one atomic group.
    ///
    /// - Parameters:
    ///   - entries: At least one.
    ///   - bodies: The entries' bodies, end to end.
    ///   - firstLSN: Of the first entry; the others follow densely.
    ///   - durableLSN: Exclusive; at most `firstLSN`.
    package mutating func encodeGroup(
        entries: [RecordBatch.Entry], bodies: [UInt8], firstLSN: LSN, durableLSN: LSN
    ) {
        precondition(!entries.isEmpty, "an atomic group holds a record")
        planFrames(entries, bodyByteCount: bodies.count)
        precondition(frameEnds.count <= FormatLimits.groupFrameCountMax, "too many frames in a group")
        var firstEntry = 0
        var bodyOffset = 0
        for index in frameEnds.indices {
            let frame = firstEntry..<frameEnds[index]
            bodyOffset += encodeFrame(
                entries[frame], bodies: bodies, at: bodyOffset, firstLSN: firstLSN.advanced(by: firstEntry),
                durableLSN: durableLSN, groupIndex: index)
            firstEntry = frame.upperBound
        }
    }

    /// Appends a frame without records, which tells that every record before `nextLSN` is durable.
    package mutating func encodeSyncPoint(nextLSN: LSN, time: Int64) {
        frames.reserve(FrameHeader.paddedAlignment)
        finishFrame(
            FrameHeader(
                storedLength: 0, rawLength: 0, directoryLength: 0, recordCount: 0, codec: .raw, flags: .syncPoint,
                firstLSN: nextLSN, durableLSN: nextLSN, baseTime: time, payloadCRC: 0, writerEpoch: writerEpoch,
                previousFrameCRC: previousFrameCRC, groupIndex: 0, groupCount: 1))
    }

    /// Fills `frameEnds`: a frame takes records while their bodies fit its limit; a larger record has one of its own.
    private mutating func planFrames(_ entries: [RecordBatch.Entry], bodyByteCount: Int) {
        frameEnds.removeAll(keepingCapacity: true)
        var frameStart = 0
        var frameByteCount = 0
        var total = 0
        for index in entries.indices {
            let length = entries[index].length
            precondition((0...FormatLimits.recordByteCountMax).contains(length), "a record is at most 16 MiB")
            let isFull =
                frameByteCount + length > FormatLimits.frameBodyByteCountMax
                || index - frameStart == FormatLimits.frameRecordCountMax
            if isFull && index > frameStart {
                frameEnds.append(index)
                frameStart = index
                frameByteCount = 0
            }
            frameByteCount += length
            total += length
        }
        frameEnds.append(entries.count)
        precondition(total == bodyByteCount, "the entries' lengths sum to the bodies'")
    }

    /// Encodes one frame and returns the length of its bodies.
    private mutating func encodeFrame(
        _ entries: ArraySlice<RecordBatch.Entry>, bodies: [UInt8], at bodyOffset: Int, firstLSN: LSN,
        durableLSN: LSN, groupIndex: Int
    ) -> Int {
        let rawLength = entries.reduce(0) { $0 + $1.length }
        frames.reserve(
            FrameHeader.encodedByteCount + entries.count * FormatLimits.directoryEntryByteCountMax + rawLength
                + FrameHeader.paddedAlignment)
        let start = frames.storage.baseAddress! + frames.count
        let baseTime = entries.first!.time
        let directory = start + FrameHeader.encodedByteCount
        let directoryEnd = FrameDirectory.encode(entries, firstLSN: firstLSN, baseTime: baseTime, to: directory)
        let (codec, storedLength) = bodies.withUnsafeBytes { bodies in
            store(UnsafeRawBufferPointer(rebasing: bodies[bodyOffset..<bodyOffset + rawLength]), to: directoryEnd)
        }
        let isLast = groupIndex + 1 == frameEnds.count
        finishFrame(
            FrameHeader(
                storedLength: storedLength, rawLength: rawLength, directoryLength: directoryEnd - directory,
                recordCount: entries.count, codec: codec, flags: [], firstLSN: firstLSN, durableLSN: durableLSN,
                baseTime: baseTime, payloadCRC: 0, writerEpoch: writerEpoch, previousFrameCRC: previousFrameCRC,
                groupIndex: groupIndex, groupCount: frameEnds.count),
            endsCommit: isLast)
        return rawLength
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

    /// Pads the frame whose directory and bodies stand behind the end, takes its checksums and appends it.
    private mutating func finishFrame(_ unfinished: FrameHeader, endsCommit: Bool = true) {
        var header = unfinished
        if padsCommits && endsCommit { header.flags.insert(.padded) }
        // The buffer starts where a commit may, so that its offsets are aligned like the file's.
        let byteCount = header.byteCount(at: frames.count)
        let payloadStart = FrameHeader.encodedByteCount + header.directoryLength
        let target = UnsafeMutableRawBufferPointer(
            rebasing: frames.storage[frames.count..<frames.count + byteCount])
        UnsafeMutableRawBufferPointer(rebasing: target[(payloadStart + header.storedLength)...])
            .initializeMemory(as: UInt8.self, repeating: 0)
        header.payloadCRC = checksum.of(UnsafeRawBufferPointer(rebasing: target[payloadStart...]))
        header.encode(to: target, checksum: checksum)
        previousFrameCRC = header.headerCRC
        frames.commit(byteCount)
    }
}
