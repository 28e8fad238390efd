/// Why bytes could not be read as a frame. The log adds the segment and the offset.
package enum FrameError: Error, Equatable {
    /// The bytes end before the frame does: read at least `needed` from its start, or it is cut.
    case truncated(needed: Int, available: Int)
    case wrongMagic(UInt32)
    /// A length above its limit, found before the checksum was taken.
    case lengthOutOfRange(field: String, UInt32)
    /// Of the header and the directory.
    case headerChecksumMismatch(stored: UInt32, computed: UInt32)
    /// Of the stored bodies.
    case payloadChecksumMismatch(stored: UInt32, computed: UInt32)
    /// The header is sound and has a flag that this build does not know.
    case unknownFlags(UInt8)
    case unknownCodec(UInt8)
    /// The checksum holds, but the field's value is not one that a writer may store.
    case malformed(field: String)
    /// The checksum holds, but the directory's entry is not one that a writer may store.
    case malformedDirectory(record: Int)
    /// The checksum holds, but the bodies do not decompress to the raw length.
    case malformedBodies

    /// Whether a frame that was being written when the power went can read so.
    package var canBeTornWrite: Bool {
        switch self {
        case .truncated, .wrongMagic, .lengthOutOfRange, .headerChecksumMismatch, .payloadChecksumMismatch: true
        case .unknownFlags, .unknownCodec, .malformed, .malformedDirectory, .malformedBodies: false
        }
    }

    /// Whether the bytes are sound, and a newer build can read them.
    package var isFromNewerBuild: Bool {
        switch self {
        case .unknownFlags, .unknownCodec: true
        case .truncated, .wrongMagic, .lengthOutOfRange, .headerChecksumMismatch, .payloadChecksumMismatch,
            .malformed, .malformedDirectory, .malformedBodies:
            false
        }
    }
}

extension FrameError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let needed, let available):
            "the frame is cut: it takes at least \(needed) bytes, and \(available) are there"
        case .wrongMagic(let found):
            "no frame begins here: its first bytes read \(found.hexadecimal)"
        case .lengthOutOfRange(let field, let value):
            "the frame's \(field) of \(value) is over its limit"
        case .headerChecksumMismatch(let stored, let computed):
            "the frame's header has checksum \(stored.hexadecimal), computed \(computed.hexadecimal)"
        case .payloadChecksumMismatch(let stored, let computed):
            "the frame's bodies have checksum \(stored.hexadecimal), computed \(computed.hexadecimal)"
        case .unknownFlags(let flags):
            "the frame has flags 0b\(String(flags, radix: 2)), which this program does not know"
        case .unknownCodec(let codec):
            "the frame has codec \(codec), which this program does not know"
        case .malformed(let field):
            "the frame's checksums hold, but its \(field) is no value that a writer may store"
        case .malformedDirectory(let record):
            "the frame's checksums hold, but entry \(record) of its directory is none that a writer may store"
        case .malformedBodies:
            "the frame's checksums hold, but its bodies do not decompress to their length"
        }
    }
}
