/// The 64 bytes before every frame's directory and bodies. SPEC.md §1.4 is the authority; integers are little-endian.
///
///     offset  size  field
///          0     4  magic              "IFRM"
///          4     4  headerCRC          salted CRC-32C of bytes [8, 64 + directoryLength)
///          8     4  storedLength       bytes of bodies in the file
///         12     4  rawLength          bytes of bodies after decompression; the sum of the directory's lengths
///         16     4  directoryLength
///         20     2  recordCount        0 in a sync-point only
///         22     1  codec              ``FrameCodec``
///         23     1  flags              ``FrameFlags``
///         24     8  firstLSN           of its first record; in a sync-point the next record's
///         32     8  durableLSN         exclusive: every record below it was synced when the frame was built
///         40     8  baseTime           of its first record, milliseconds since 1970-01-01T00:00:00Z
///         48     4  payloadCRC         salted CRC-32C of the bytes from the directory's end to the frame's end
///         52     4  writerEpoch        the segment's
///         56     4  previousFrameCRC   headerCRC of the frame before it, over segments; 0 in a log's first frame
///         60     2  groupIndex         its place in its atomic group, from 0
///         62     2  groupCount         frames in the group, from 1
package struct FrameHeader: Equatable, Sendable {
    package static let encodedByteCount = 64
    /// Frames start at multiples of this.
    package static let alignment = 8
    /// What a padded frame's end is a multiple of.
    package static let paddedAlignment = 4_096
    /// "IFRM".
    package static let magic: UInt32 = 0x4D52_4649

    package var headerCRC: UInt32 = 0
    package var storedLength: Int
    package var rawLength: Int
    package var directoryLength: Int
    package var recordCount: Int
    package var codec: FrameCodec
    package var flags: FrameFlags
    package var firstLSN: LSN
    package var durableLSN: LSN
    package var baseTime: Int64
    package var payloadCRC: UInt32
    package var writerEpoch: UInt32
    package var previousFrameCRC: UInt32
    package var groupIndex: Int
    package var groupCount: Int

    package var isSyncPoint: Bool { flags.contains(.syncPoint) }
    package var isLastOfGroup: Bool { groupIndex + 1 == groupCount }
    /// The LSN after the frame's last record; says nothing of a rewritten frame.
    package var endLSN: LSN { firstLSN.advanced(by: recordCount) }

    /// Bytes from the frame's start to where the next one may start.
    ///
    /// - Parameter offset: Where the frame starts in its segment.
    package func byteCount(at offset: Int) -> Int {
        let alignment = flags.contains(.padded) ? Self.paddedAlignment : Self.alignment
        let end = offset + Self.encodedByteCount + directoryLength + storedLength
        return (end + alignment - 1) / alignment * alignment - offset
    }
}

/// How a frame's bodies are stored.
package enum FrameCodec: UInt8, Sendable {
    case raw = 0
    /// One LZ4 block that may refer back to the segment's dictionary.
    case lz4 = 1
}

package struct FrameFlags: OptionSet, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The frame holds no record: it tells that everything before it is durable.
    package static let syncPoint = FrameFlags(rawValue: 1 << 0)
    /// The frame reaches to the next multiple of 4096 in the file, not of 8.
    package static let padded = FrameFlags(rawValue: 1 << 1)
    /// The directory gives each record's LSN. In every frame of a rewrite segment, and in no other.
    package static let rewritten = FrameFlags(rawValue: 1 << 2)
    // A place held, refused by this version: 1 << 3 encrypted bodies.

    /// Bits 6 and 7 are for what a reader may ignore; a writer of this version leaves them 0.
    static let ignorable = FrameFlags(rawValue: 0b1100_0000)
    /// Of a frame in an append segment.
    static let known: FrameFlags = [.syncPoint, .padded]
}
