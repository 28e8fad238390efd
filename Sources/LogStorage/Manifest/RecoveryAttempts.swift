/// Counts the openings of a log that began and did not succeed, so that one which crashes again and again tries another
/// way: an older manifest, or none. SPEC.md §7.4. Blocks; the caller holds the directory's lock.
///
///     offset  size  field
///          0     8  magic     "INDELREC"
///          8     4  version   1
///         12     4  checksum  CRC-32C of bytes [0, 12) and [16, 24)
///         16     8  count     openings begun since the last one that succeeded
package struct RecoveryAttempts: Sendable {
    private let directory: String
    private let fileSystem: any LogFileSystem

    private static let encodedByteCount = 24
    private static let version: UInt32 = 1
    private static let magic = Array("INDELREC".utf8)

    package init(directory: String, fileSystem: any LogFileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Counts this opening. It is durable when this returns, so do nothing else before.
    ///
    /// - Returns: How many began before it and did not succeed. A file that does not check counts as one, for somebody
    ///   began: the count chooses a way to recover, and no way loses anything.
    package func begin() throws(FileSystemError) -> Int {
        let count = try count()
        let next = UInt64(count) + 1
        try WholeFile.write(Self.encoded(next), as: SegmentNames.recovery, in: directory, fileSystem)
        return count
    }

    /// Has the next opening count as one after so many, since something that openings read has been found to be bad.
    package func demand(_ count: Int) throws(FileSystemError) {
        try WholeFile.write(Self.encoded(UInt64(count)), as: SegmentNames.recovery, in: directory, fileSystem)
    }

    /// Ends the count: the log is open, and what opened it is durable.
    package func succeeded() throws(FileSystemError) {
        guard try fileSystem.exists(path) else { return }
        try fileSystem.remove(path)
        try fileSystem.syncDirectory(directory)
    }

    private var path: String { directory + "/" + SegmentNames.recovery }

    private func count() throws(FileSystemError) -> Int {
        guard try fileSystem.exists(path) else { return 0 }
        let handle = LogFileHandle(try fileSystem.open(path, .read))
        // One byte more, to see a file that is too long.
        let bytes = try handle.file.read(at: 0, count: Self.encodedByteCount + 1)
        guard bytes.count == Self.encodedByteCount else { return 1 }
        let count = bytes.span.bytes.littleEndian(UInt64.self, at: 16)
        guard count < UInt32.max, bytes == Self.encoded(count) else { return 1 }
        return Int(count)
    }

    private static func encoded(_ count: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: encodedByteCount)
        bytes.withUnsafeMutableBytes { target in
            target.copyBytes(from: magic)
            target.storeLittleEndian(version, at: 8)
            target.storeLittleEndian(count, at: 16)
        }
        let start = Checksum.unsalted(bytes.span.bytes.extracting(0..<12))
        let crc = Checksum.unsalted(bytes.span.bytes.extracting(16..<encodedByteCount), after: start)
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: 12) }
        return bytes
    }
}
