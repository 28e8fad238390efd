import CStorage

/// CRC-32C that starts from a segment's salt: `CRC-32C(salt as 8 little-endian bytes ‖ data)`.
///
/// Bytes of another segment, recycled or misplaced, do not validate.
package struct Checksum: Equatable, Sendable {
    private let seed: UInt32

    package init(salt: UInt64) {
        self.seed = withUnsafeBytes(of: salt.littleEndian) { indelible_crc32c(0, $0.baseAddress, $0.count) }
    }

    @inline(__always)
    package func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        indelible_crc32c(seed, bytes.baseAddress, bytes.count)
    }

    package func of(_ bytes: RawSpan) -> UInt32 {
        bytes.withUnsafeBytes { of($0) }
    }

    /// Goes on behind bytes that `crc` is of.
    package func of(_ bytes: RawSpan, after crc: UInt32) -> UInt32 {
        bytes.withUnsafeBytes { indelible_crc32c(crc, $0.baseAddress, $0.count) }
    }

    /// The plain CRC-32C: of a segment header, which holds the salt, and of what is not in a segment.
    package static func unsalted(_ bytes: RawSpan, after crc: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { indelible_crc32c(crc, $0.baseAddress, $0.count) }
    }
}
