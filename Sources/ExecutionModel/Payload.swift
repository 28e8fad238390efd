/// Opaque bytes that the user's serdes made: recorded verbatim, never parsed or re-encoded by the engine.
package enum Payload: Hashable, Sendable {
    /// The bytes themselves.
    case inline([UInt8])
    /// Where the log keeps them: the record at `lsn` holds a payload of `length` bytes.
    case stored(lsn: UInt64, length: Int)

    /// No record of the log holds more, so no stored payload does.
    package static let storedLengthMax = 16 << 20

    package var isStored: Bool {
        if case .stored = self { true } else { false }
    }

    package var length: Int {
        switch self {
        case .inline(let bytes): bytes.count
        case .stored(_, let length): length
        }
    }
}
