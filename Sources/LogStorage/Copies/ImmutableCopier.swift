/// Copies a file that is never changed once it has its name, and reads the copy back.
struct ImmutableCopier {
    let source: String
    let target: String
    let fileSystem: any LogFileSystem

    private static let chunk = 1 << 20

    /// The name of a file that is being made: until it is renamed nobody reads it.
    static func temporary(_ name: String) -> String { name + ".tmp" }

    /// Copies the file to its temporary name, durably but for the name.
    ///
    /// - Returns: Its bytes; nil when the source has no file of that name any more.
    func copy(_ name: String) throws(LogCopyError) -> Int? {
        let original: any LogFile
        do throws(FileSystemError) { original = try fileSystem.open(source + "/" + name, .read) } catch {
            if error.reason == .notFound { return nil }
            throw .source(.storage(error))
        }
        defer { original.close() }
        let path = target + "/" + Self.temporary(name)
        let file = try make(path)
        defer { file.close() }
        var (byteCount, written) = (0, UInt32(0))
        while true {
            let bytes: [UInt8]
            do throws(FileSystemError) { bytes = try original.read(at: byteCount, count: Self.chunk) } catch {
                throw .source(.storage(error))
            }
            if bytes.isEmpty { break }
            written = Checksum.unsalted(bytes.span.bytes, after: written)
            do throws(FileSystemError) { try file.write(bytes, at: byteCount) } catch { throw .storage(error) }
            byteCount += bytes.count
        }
        guard try syncedChecksum(of: file) == written else { throw .copyDiffers(path: path) }
        return byteCount
    }

    private func make(_ path: String) throws(LogCopyError) -> any LogFile {
        do throws(FileSystemError) {
            if try fileSystem.exists(path) { try fileSystem.remove(path) }
            return try fileSystem.open(path, .create)
        } catch {
            throw .storage(error)
        }
    }

    private func syncedChecksum(of file: any LogFile) throws(LogCopyError) -> UInt32 {
        do throws(FileSystemError) {
            try file.sync()
            var (offset, checksum) = (0, UInt32(0))
            while true {
                let bytes = try file.readUncached(at: offset, count: Self.chunk)
                if bytes.isEmpty { return checksum }
                checksum = Checksum.unsalted(bytes.span.bytes, after: checksum)
                offset += bytes.count
            }
        } catch {
            throw .storage(error)
        }
    }
}
