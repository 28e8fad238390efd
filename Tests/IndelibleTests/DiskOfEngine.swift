import IndelibleTesting
import LogStorage
import Synchronization

/// The disk that a test's engine is on, also after a crash: so files and the log lose power together.
final class DiskOfEngine: LogFileSystem {
    private let engine = Mutex<TestEngine?>(nil)

    /// Everything goes to this engine's disk from now on; the directory is made there.
    func attach(_ engine: TestEngine, making directory: String) throws {
        self.engine.withLock { $0 = engine }
        try disk.createDirectory(directory)
    }

    var disk: SimulatedDisk {
        guard let engine = engine.withLock({ $0 }) else { preconditionFailure("no engine is attached") }
        return engine.disk
    }

    func createDirectory(_ path: String) throws(FileSystemError) { try disk.createDirectory(path) }
    func list(_ directory: String) throws(FileSystemError) -> [String] { try disk.list(directory) }
    func exists(_ path: String) throws(FileSystemError) -> Bool { try disk.exists(path) }
    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        try disk.open(path, mode)
    }
    func rename(_ source: String, to target: String) throws(FileSystemError) { try disk.rename(source, to: target) }
    func remove(_ path: String) throws(FileSystemError) { try disk.remove(path) }
    func syncDirectory(_ path: String) throws(FileSystemError) { try disk.syncDirectory(path) }
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        try disk.lock(path, wait: wait)
    }
}
