/// Why a manifest cannot be used. The store adds the file.
package enum ManifestError: Error, Equatable, Sendable {
    /// The file is shorter than a manifest without a file in it.
    case truncated(available: Int)
    /// The file is longer than any manifest.
    case tooLong(byteCount: Int)
    case wrongMagic
    case checksumMismatch(stored: UInt32, computed: UInt32)
    /// A newer build wrote it.
    case newerVersion(UInt32)
    case unknownFeatures(UInt32)
    /// The manifest is that of another number: the file was copied or renamed.
    case numberMismatch(manifest: UInt64)
    /// The checksum holds, but the field's value is outside its range: no build of ours wrote it.
    case malformed(field: String)
}

extension ManifestError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .truncated(let available): "the file ends after \(available) of at least \(Manifest.fieldsByteCount) bytes"
        case .tooLong(let byteCount): "the file has \(byteCount) bytes, more than any manifest"
        case .wrongMagic: "the file does not begin as a manifest does"
        case .checksumMismatch(let stored, let computed):
            "it has checksum \(stored.hexadecimal), computed \(computed.hexadecimal)"
        case .newerVersion(let version):
            "it has format version \(version), this program reads up to \(Manifest.version)"
        case .unknownFeatures(let features):
            "it asks for features \(features.hexadecimal), which this program does not know"
        case .numberMismatch(let number): "it is manifest \(number): the file was copied or renamed"
        case .malformed(let field):
            "its checksum holds, but its \(field) is no value that a writer may store"
        }
    }
}
