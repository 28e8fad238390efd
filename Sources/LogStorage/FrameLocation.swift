/// Where a frame starts.
package struct FrameLocation: Hashable, Comparable, Sendable {
    package var file: LogFileID
    /// Bytes from the start of the file: at least ``SegmentHeader/encodedByteCount``, a multiple of
    /// ``FrameHeader/alignment``.
    package var offset: Int

    package init(file: LogFileID, offset: Int) {
        self.file = file
        self.offset = offset
    }

    package static func < (left: FrameLocation, right: FrameLocation) -> Bool {
        (left.file, left.offset) < (right.file, right.offset)
    }
}
