import LZ4

/// The bytes that a segment's blocks may refer back to. They stand in the segment's header, so that every segment can be
/// read by itself.
package struct SegmentDictionary: Equatable, Sendable {
    /// At most ``FormatLimits/dictionaryByteCountMax``; empty is allowed.
    package let bytes: [UInt8]
    let block: BlockDictionary

    package init(_ bytes: [UInt8]) {
        precondition(bytes.count <= FormatLimits.dictionaryByteCountMax, "a segment's dictionary is at most 4 KiB")
        self.bytes = bytes
        self.block = BlockDictionary(bytes)
    }

    package static func == (left: SegmentDictionary, right: SegmentDictionary) -> Bool {
        left.bytes == right.bytes
    }
}
