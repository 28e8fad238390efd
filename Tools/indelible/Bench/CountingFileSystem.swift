import LogStorage
import Synchronization

/// A file system that counts the syncs of file data which commits wait for, and passes everything on.
final class CountingFileSystem: LogFileSystem {
    private let inner: any LogFileSystem
    private let count = Atomic<Int>(0)

    init(_ inner: any LogFileSystem) {
        self.inner = inner
    }

    /// `fdatasync` calls so far, on files that are no longer spares.
    var dataSyncs: Int { count.load(ordering: .relaxed) }

    func createDirectory(_ path: String) throws(FileSystemError) { try inner.createDirectory(path) }
    func list(_ directory: String) throws(FileSystemError) -> [String] { try inner.list(directory) }
    func exists(_ path: String) throws(FileSystemError) -> Bool { try inner.exists(path) }
    func rename(_ source: String, to target: String) throws(FileSystemError) { try inner.rename(source, to: target) }
    func remove(_ path: String) throws(FileSystemError) { try inner.remove(path) }
    func syncDirectory(_ path: String) throws(FileSystemError) { try inner.syncDirectory(path) }
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        try inner.lock(path, wait: wait)
    }

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        CountingFile(try inner.open(path, mode), owner: self)
    }

    fileprivate func noteDataSync() { count.add(1, ordering: .relaxed) }
}

/// The writing of zeros to a spare syncs too, in pieces of a megabyte: those are told from commits by what was written.
private final class CountingFile: LogFile {
    private let inner: any LogFile
    private let owner: CountingFileSystem
    private let wroteZeros = Atomic<Bool>(false)

    init(_ inner: any LogFile, owner: CountingFileSystem) {
        self.inner = inner
        self.owner = owner
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
        // Every frame and every header begins with a magic number, so a zero at the start is a spare's.
        wroteZeros.store(bytes.first == 0, ordering: .relaxed)
        try inner.write(bytes, at: offset)
    }

    func syncData() throws(FileSystemError) {
        if !wroteZeros.load(ordering: .relaxed) { owner.noteDataSync() }
        try inner.syncData()
    }

    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        try inner.read(at: offset, count: count)
    }

    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        try inner.readUncached(at: offset, count: count)
    }

    func sync() throws(FileSystemError) { try inner.sync() }
    func size() throws(FileSystemError) -> Int { try inner.size() }
    func truncate(to size: Int) throws(FileSystemError) { try inner.truncate(to: size) }
    func deallocate(from offset: Int) throws(FileSystemError) { try inner.deallocate(from: offset) }
    func close() { inner.close() }
}
