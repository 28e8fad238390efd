/// The bounds of a table's format, version 1. SPEC.md §7.2 is the authority.
package enum TableFormat {
    /// The newest version that this build reads, and the one it writes.
    package static let version: UInt32 = 1
    /// The bytes of one value.
    package static let valueByteCountMax = 64 << 10

    /// A writer ends a block before the entry that would make it larger, unless that is the block's first.
    static let blockByteCount = 4_096
    /// A key of three varints, and the length of the value.
    static let entryOverheadMax = 2 + 10 + 10 + 3
    /// A block of one entry may be larger than ``blockByteCount``.
    static let blockByteCountMax = valueByteCountMax + entryOverheadMax
    static let indexRowByteCount = 32
}

/// A table as the manifest lists it: enough to know that a file is the table that was written, and no other.
package struct TableInfo: Equatable, Sendable {
    /// At least 1, and that of the file's name.
    package var number: UInt64
    /// Of the file.
    package var byteCount: Int
    /// Tombstones included.
    package var entryCount: Int
    /// The trailer's CRC. It covers the block index's, and that one the CRC of every block, so it names the content.
    package var checksum: UInt32

    package init(number: UInt64, byteCount: Int, entryCount: Int, checksum: UInt32) {
        self.number = number
        self.byteCount = byteCount
        self.entryCount = entryCount
        self.checksum = checksum
    }
}
