/// A directory in which a log is being put together: no opening takes it for one before ``publish(_:)`` has come to its
/// last name.
///
/// Files are written under their temporary names. A marker, which no log has, keeps an opening from making a log of its
/// own beside them; while some segments have their names the first one has not, and that is damage.
struct StagedDirectory {
    /// There from the first to the last, unless the work was cut.
    static let marker = "incomplete"

    let path: String
    private let fileSystem: any LogFileSystem
    private let lock: any DirectoryLock

    /// Names that an empty directory may hold.
    private static let harmless: Set<String> = ["lost+found", SegmentNames.lock]

    /// - Parameter path: Missing or empty.
    init(_ path: String, _ fileSystem: any LogFileSystem) throws(LogCopyError) {
        self.path = path
        self.fileSystem = fileSystem
        do throws(FileSystemError) {
            if try !fileSystem.exists(path) { try fileSystem.createDirectory(path) }
        } catch {
            throw .storage(error)
        }
        // Before the lock file is made in a directory that is not ours; and again when nobody else can come.
        try Self.refuse(path, fileSystem)
        lock = try fileSystem.lockCopy(path)
        do throws(LogCopyError) {
            try Self.refuse(path, fileSystem)
            try Self.mark(path, fileSystem)
        } catch {
            lock.release()
            throw error
        }
    }

    private static func refuse(_ path: String, _ fileSystem: any LogFileSystem) throws(LogCopyError) {
        let names: [String]
        do throws(FileSystemError) { names = try fileSystem.list(path) } catch {
            throw error.reason == .notADirectory ? .notEmpty(path: path, found: "a file") : .storage(error)
        }
        let found = names.filter { !harmless.contains($0) }
        guard let first = found.first else { return }
        throw .notEmpty(path: path, found: found.contains(marker) ? marker : first)
    }

    private static func mark(_ path: String, _ fileSystem: any LogFileSystem) throws(LogCopyError) {
        do throws(FileSystemError) {
            try fileSystem.open(path + "/" + marker, .create).close()
            try fileSystem.syncDirectory(path)
        } catch {
            throw .storage(error)
        }
    }

    /// Gives the files of these segments, which are written and synced, and the other files their names. With the name of
    /// the lowest segment the directory is a log.
    func publish(segments: [UInt64], others: [String] = []) throws(LogCopyError) {
        precondition(!segments.isEmpty, "a log has a segment")
        let names = others + segments.sorted(by: >).map { SegmentNames.segment($0) }
        do throws(FileSystemError) {
            for name in names.dropLast() { try settle(name) }
            try fileSystem.syncDirectory(path)
            for name in names.suffix(1) { try settle(name) }
            try fileSystem.syncDirectory(path)
            try fileSystem.remove(path + "/" + Self.marker)
            try fileSystem.syncDirectory(path)
        } catch {
            throw .storage(error)
        }
        lock.release()
    }

    private func settle(_ name: String) throws(FileSystemError) {
        try fileSystem.rename(path + "/" + SegmentNames.temporary(name), to: path + "/" + name)
    }
}
