/// When an append counts as acknowledged.
package enum LogDurability: Sendable {
    /// After `fdatasync` returned for the frame that holds it. Survives power loss.
    case durable
    /// After it was written to the file. Survives the end of the process, not of the machine: power loss may take the
    /// appends of the last ``LogOptions/syncPointDelay``.
    case relaxed
}

/// What a log can be told at opening. None of it is recorded: a log may be opened with other options each time.
package struct LogOptions: Sendable {
    /// Default: ``LogDurability/durable``.
    package var durability = LogDurability.durable

    /// Sizes that segments are made in, in bytes, each a multiple of 4 KiB: a full segment is followed by one of the
    /// next size, so that a small log stays small on disk. The last size repeats.
    package var segmentSizes = [1 << 20, 4 << 20, 16 << 20, 64 << 20]

    /// Starts every commit on a 4 KiB boundary: for disks on which a power cut may damage bytes of a sector that were
    /// synced before. Costs up to 4 KiB for each commit.
    package var padCommits = false

    /// Idle milliseconds after which a sync-point closes the last frame's blind spot; and, when relaxed, the longest
    /// time that a written append stays unsynced.
    package var syncPointDelay: Int64 = 50

    /// Milliseconds that an unforced append waits for a forced one to ride with before it is written without a sync.
    package var unforcedWriteDelay: Int64 = 2

    /// Whether an appender may do the writer's work while the writer's thread sleeps: ``SegmentedLog/takeOverWriter()``. Off
    /// where calls to the file system wait for what only another task can do, as those of tests may.
    package var letsAppendersWrite = true

    /// Bytes of appends that may wait for the writer; above it `reserve` suspends. One append may be larger alone.
    package var batchByteLimit = 4 << 20

    /// How fast sealed segments are read again, to find damage early. Default: not at all.
    package var scrubbing = ScrubOptions()

    package init() {}
}

extension LogOptions {
    /// Bytes in the file for an append at worst: nothing compresses, no frame is shared.
    func roomForAppend(recordCount: Int, bodyBytes: Int) -> Int {
        // Of two neighbouring frames that were closed for their bytes, the bodies exceed one frame's limit.
        let frameCount =
            1 + 2 * (bodyBytes / FormatLimits.frameBodyByteCountMax) + recordCount / FormatLimits.frameRecordCountMax
        return bodyBytes + recordCount * FormatLimits.directoryEntryByteCountMax
            + frameCount * (FrameHeader.encodedByteCount + FrameHeader.alignment)
            + (padCommits ? FrameHeader.paddedAlignment : 0)
    }

    /// Bytes kept back in every segment for the sync-point that closes it.
    var roomForSyncPoint: Int {
        padCommits ? FrameHeader.paddedAlignment : FrameHeader.encodedByteCount
    }

    /// What a segment of `byteCount` bytes offers to appends.
    func roomForAppends(inSegment byteCount: Int) -> Int {
        byteCount - SegmentHeader.encodedByteCount - roomForSyncPoint
    }
}
