import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file of a ``SimulatedDisk``. Using it after ``close()`` is the caller's bug, and traps.
final class SimulatedFile: LogFile {
    private let disk: SimulatedDisk
    private let number: Int
    private let path: String
    private let isWritable: Bool
    private let isClosed = Atomic(false)

    init(disk: SimulatedDisk, number: Int, path: String, isWritable: Bool) {
        self.disk = disk
        self.number = number
        self.path = path
        self.isWritable = isWritable
    }

    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        try perform { image throws(FileSystemError) in try image.read(number, path, at: offset, count: count) }
    }

    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        try perform { image throws(FileSystemError) in
            try image.readUncached(number, path, at: offset, count: count)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
        guard isWritable else { throw FileSystemError(.write, path, code: EBADF) }
        let copy = [UInt8](bytes)
        try perform { image throws(FileSystemError) in try image.write(number, path, copy, at: offset) }
    }

    func syncData() throws(FileSystemError) {
        try perform { image throws(FileSystemError) in try image.sync(number, path, includesSize: false) }
    }

    func sync() throws(FileSystemError) {
        try perform { image throws(FileSystemError) in try image.sync(number, path, includesSize: true) }
    }

    func size() throws(FileSystemError) -> Int {
        try perform { image throws(FileSystemError) in try image.size(number, path) }
    }

    func truncate(to size: Int) throws(FileSystemError) {
        guard isWritable else { throw FileSystemError(.truncate, path, code: EINVAL) }
        try perform { image throws(FileSystemError) in try image.truncate(number, path, to: size) }
    }

    func deallocate(from offset: Int) throws(FileSystemError) {
        guard isWritable else { throw FileSystemError(.deallocate, path, code: EBADF) }
        try perform { image throws(FileSystemError) in try image.deallocate(number, path, from: offset) }
    }

    func close() {
        isClosed.store(true, ordering: .relaxed)
    }

    private func perform<Result: Sendable>(
        _ body: (inout DiskImage) throws(FileSystemError) -> Result
    ) throws(FileSystemError) -> Result {
        precondition(!isClosed.load(ordering: .relaxed), "\(path) was used after it was closed")
        return try disk.perform(body)
    }
}

/// A lock on a ``SimulatedDisk``.
final class SimulatedLock: DirectoryLock {
    private let disk: SimulatedDisk
    private let path: String
    private let isReleased = Atomic(false)

    init(disk: SimulatedDisk, path: String) {
        self.disk = disk
        self.path = path
    }

    deinit {
        release()
    }

    func release() {
        guard !isReleased.exchange(true, ordering: .relaxed) else { return }
        disk.unlock(path)
    }
}
