import LogStorage
import Synchronization

/// Files of another file system, with something done before each call: a writer that goes on while its log is read.
final class HookedFiles: LogFileSystem {
    private let files: any LogFileSystem
    private let before: @Sendable () -> Void
    /// Changes bytes on their way to a file; for a disk that lies.
    private let written: @Sendable ([UInt8]) -> [UInt8]

    init(
        _ files: any LogFileSystem, written: @escaping @Sendable ([UInt8]) -> [UInt8] = { $0 },
        before: @escaping @Sendable () -> Void = {}
    ) {
        self.files = files
        self.written = written
        self.before = before
    }

    func createDirectory(_ path: String) throws(FileSystemError) {
        before()
        try files.createDirectory(path)
    }

    func list(_ directory: String) throws(FileSystemError) -> [String] {
        before()
        return try files.list(directory)
    }

    func exists(_ path: String) throws(FileSystemError) -> Bool {
        before()
        return try files.exists(path)
    }

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        before()
        return HookedFile(try files.open(path, mode), written: written, before: before)
    }

    func rename(_ source: String, to target: String) throws(FileSystemError) {
        before()
        try files.rename(source, to: target)
    }

    func remove(_ path: String) throws(FileSystemError) {
        before()
        try files.remove(path)
    }

    func syncDirectory(_ path: String) throws(FileSystemError) {
        before()
        try files.syncDirectory(path)
    }

    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        before()
        return try files.lock(path, wait: wait)
    }
}

private final class HookedFile: LogFile {
    private let file: any LogFile
    private let written: @Sendable ([UInt8]) -> [UInt8]
    private let before: @Sendable () -> Void

    init(
        _ file: any LogFile, written: @escaping @Sendable ([UInt8]) -> [UInt8], before: @escaping @Sendable () -> Void
    ) {
        self.file = file
        self.written = written
        self.before = before
    }

    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        before()
        return try file.read(at: offset, count: count)
    }

    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        before()
        return try file.readUncached(at: offset, count: count)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
        before()
        try file.write(written([UInt8](bytes)), at: offset)
    }

    func syncData() throws(FileSystemError) {
        before()
        try file.syncData()
    }

    func sync() throws(FileSystemError) {
        before()
        try file.sync()
    }

    func size() throws(FileSystemError) -> Int {
        before()
        return try file.size()
    }

    func truncate(to size: Int) throws(FileSystemError) {
        before()
        try file.truncate(to: size)
    }

    func deallocate(from offset: Int) throws(FileSystemError) {
        before()
        try file.deallocate(from: offset)
    }

    func close() { file.close() }
}
