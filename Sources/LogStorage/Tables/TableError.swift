/// Why a table cannot be read. A table is a cache: but for ``Reason/storage(_:)`` it is as good as lost, and is rebuilt.
package struct TableError: Error, Equatable, Sendable {
    /// The table's number, as its name says.
    package var table: UInt64
    /// Bytes from the start of its file.
    package var offset: Int
    package var reason: Reason

    package enum Reason: Equatable, Sendable {
        /// The file system refused. A file that is gone is ``FileSystemError/Reason/notFound``.
        case storage(FileSystemError)
        /// The file is not as long as the table that was written.
        case sizeMismatch(byteCount: Int, expected: Int)
        /// The trailer does not begin as a table's does.
        case wrongMagic
        case checksumMismatch(stored: UInt32, computed: UInt32)
        /// A newer build wrote it.
        case newerVersion(UInt32)
        case unknownFeatures(UInt32)
        /// The table is sound, and is not the one that the manifest lists.
        case otherTable(field: String)
        /// The checksums hold, but the field's value is outside its range: no build of ours wrote it.
        case malformed(field: String)
    }

    package init(table: UInt64, offset: Int, reason: Reason) {
        self.table = table
        self.offset = offset
        self.reason = reason
    }
}

extension TableError: CustomStringConvertible {
    package var description: String { "\(LogFileKind.table.name(table)) at byte \(offset): \(reason)" }
}

extension TableError.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .storage(let cause): "\(cause)"
        case .sizeMismatch(let byteCount, let expected): "the file has \(byteCount) bytes instead of \(expected)"
        case .wrongMagic: "the file does not end as a table does"
        case .checksumMismatch(let stored, let computed):
            "checksum \(stored.hexadecimal), computed \(computed.hexadecimal)"
        case .newerVersion(let version):
            "format version \(version), this program reads up to \(TableFormat.version)"
        case .unknownFeatures(let features):
            "it asks for features \(features.hexadecimal), which this program does not know"
        case .otherTable(let field): "its \(field) is not that of the table in the manifest"
        case .malformed(let field):
            "the checksum holds, but the \(field) is no value that a writer may store"
        }
    }
}
