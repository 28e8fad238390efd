import Foundation
import LogStorage

/// A disk whose first files to be opened wait for one another, so that as many are open at once as there are threads.
///
/// `@unchecked`: its variables are read and written under its lock.
final class CrowdedFileSystem: LogFileSystem, @unchecked Sendable {
    private let disk: SimulatedDisk
    private let meetingCount: Int
    private let lock = NSCondition()
    private var arrivals = 0
    private var current = 0
    private var most = 0

    init(_ disk: SimulatedDisk, meeting count: Int) {
        self.disk = disk
        meetingCount = count
    }

    /// How many calls were under way at one moment, at most.
    var mostAtOnce: Int { lock.withLock { most } }

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        lock.lock()
        arrivals += 1
        current += 1
        most = max(most, current)
        lock.broadcast()
        while arrivals < meetingCount { lock.wait() }
        lock.unlock()
        defer { lock.withLock { current -= 1 } }
        return try disk.open(path, mode)
    }

    func createDirectory(_ path: String) throws(FileSystemError) { try disk.createDirectory(path) }
    func list(_ directory: String) throws(FileSystemError) -> [String] { try disk.list(directory) }
    func exists(_ path: String) throws(FileSystemError) -> Bool { try disk.exists(path) }
    func rename(_ source: String, to target: String) throws(FileSystemError) { try disk.rename(source, to: target) }
    func remove(_ path: String) throws(FileSystemError) { try disk.remove(path) }
    func syncDirectory(_ path: String) throws(FileSystemError) { try disk.syncDirectory(path) }
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        try disk.lock(path, wait: wait)
    }
}
