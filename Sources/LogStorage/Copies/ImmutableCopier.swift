/// Copies a file that is never changed once it has its name, and reads the copy back.
struct ImmutableCopier {
    let source: String
    let target: String
    let fileSystem: any LogFileSystem

    private static let chunk = 1 << 20

    /// Copies a rewrite segment to its temporary name, durably but for the name, and checks every frame of the copy.
    ///
    /// - Returns: The bytes written: 0 for a copy that a run which was cut has left whole; nil when the source has no file of
    ///   that name any more.
    func copy(_ segment: Manifest.RewriteSegment) throws(LogCopyError) -> Int? {
        let name = LogFileKind.rewrite.name(segment.number)
        let path = target + "/" + SegmentNames.temporary(name)
        if try isWhole(segment, at: path) { return 0 }
        guard let byteCount = try copy(name) else { return nil }
        do throws(LogError) {
            if try SegmentReading(.rewrite(segment.number), at: path, fileSystem).rewriteDamage() == nil {
                return byteCount
            }
        } catch .storage(let error) {
            throw .storage(error)
        } catch {
            // Whose fault it is the source says.
        }
        do throws(LogError) {
            let original = try SegmentReading(.rewrite(segment.number), in: source, fileSystem)
            if let damage = try original.rewriteDamage() { throw .damaged(damage) }
        } catch {
            throw .source(error)
        }
        throw .copyDiffers(path: path)
    }

    /// Copies a table to its temporary name, durably but for the name.
    ///
    /// - Returns: The bytes written, or why the table cannot be used: then it is left out, since it is a cache. Nil when the
    ///   source has no file of that name any more.
    func copy(_ table: TableInfo) throws(LogCopyError) -> Result<Int, TableError>? {
        do throws(TableError) {
            try TableReader(table, directory: source, fileSystem: fileSystem).verify()
        } catch {
            guard case .storage(let cause) = error.reason else { return .failure(error) }
            if cause.reason == .notFound { return nil }
            throw .source(.storage(cause))
        }
        return try copy(LogFileKind.table.name(table.number)).map { .success($0) }
    }

    /// Writes a file of these bytes under its temporary name, durably but for the name.
    func write(_ bytes: [UInt8], as name: String) throws(LogCopyError) {
        let path = target + "/" + SegmentNames.temporary(name)
        let file = try make(path)
        defer { file.close() }
        do throws(FileSystemError) { try file.write(bytes, at: 0) } catch { throw .storage(error) }
        guard try syncedChecksum(of: file) == Checksum.unsalted(bytes.span.bytes) else {
            throw .copyDiffers(path: path)
        }
    }

    /// Copies the file to its temporary name, durably but for the name.
    ///
    /// - Returns: Its bytes; nil when the source has no file of that name any more.
    private func copy(_ name: String) throws(LogCopyError) -> Int? {
        let original: LogFileHandle
        do throws(FileSystemError) {
            original = LogFileHandle(try fileSystem.open(source + "/" + name, .read))
        } catch {
            if error.reason == .notFound { return nil }
            throw .source(.storage(error))
        }
        let path = target + "/" + SegmentNames.temporary(name)
        let file = try make(path)
        defer { file.close() }
        var (byteCount, written) = (0, UInt32(0))
        while true {
            let bytes: [UInt8]
            do throws(FileSystemError) { bytes = try original.file.read(at: byteCount, count: Self.chunk) } catch {
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

    /// Whether a file that was left under the temporary name is the source's segment, all of it.
    private func isWhole(_ segment: Manifest.RewriteSegment, at path: String) throws(LogCopyError) -> Bool {
        do throws(FileSystemError) {
            if try !fileSystem.exists(path) { return false }
        } catch {
            throw .storage(error)
        }
        do throws(LogError) {
            let original = try SegmentReading(.rewrite(segment.number), in: source, fileSystem)
            let left = try SegmentReading(.rewrite(segment.number), at: path, fileSystem, .readWrite)
            guard left.header == original.header else { return false }
            // It was synced, if it is whole; nobody knows whether it is.
            do throws(FileSystemError) { try left.file.sync() } catch { throw .storage(error) }
            return try left.rewriteDamage() == nil
        } catch .storage(let error) where error.reason != .notFound {
            throw .storage(error)
        } catch {
            // What is no copy is made anew, and what is wrong with the source is said then.
            return false
        }
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
