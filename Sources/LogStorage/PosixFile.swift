import CStorage
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An open file of the system. No call may run beside or after ``close()``.
final class PosixFile: LogFile {
    private let descriptor: Int32
    private let path: String
    private let isClosed = Atomic(false)
    private let uncached = Mutex(Uncached.unopened)

    /// How reads past the page cache are done.
    private enum Uncached {
        case unopened
        /// By a descriptor of their own.
        case direct(Int32)
        /// The file system has no direct reads: the cached pages are dropped before each.
        case dropping
    }

    /// What direct reads are aligned to: no device has larger blocks.
    private static let directAlignment = 4_096

    /// - Parameter descriptor: Owned by the file from now on.
    init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        close()
    }

    func close() {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        closeDescriptor(descriptor)
        uncached.withLock { uncached in
            if case .direct(let direct) = uncached { closeDescriptor(direct) }
            uncached = .unopened
        }
    }

    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        let done = try SystemCall.read(descriptor, path, into: buffer, at: offset)
        return [UInt8](buffer[..<done])
    }

    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        guard let direct = try openUncached() else {
            try SystemCall.check(.read, path, indelible_drop_cached_pages(descriptor))
            return try read(at: offset, count: count)
        }
        let alignment = Self.directAlignment
        let start = offset / alignment * alignment
        let end = (offset + count + alignment - 1) / alignment * alignment
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: end - start, alignment: alignment)
        defer { buffer.deallocate() }
        do throws(FileSystemError) {
            let done = try readAligned(direct, into: buffer, at: start)
            return [UInt8](buffer[min(done, offset - start)..<min(done, offset - start + count)])
        } catch {
            guard error.code == EINVAL else { throw error }
            // The file system opens files for direct reads that it then refuses.
            try SystemCall.check(.read, path, indelible_drop_cached_pages(descriptor))
            return try read(at: offset, count: count)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
        var done = 0
        while done < bytes.count {
            let count = try SystemCall.retrying(.write, path) {
                pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
            }
            // POSIX leaves it open; no progress for ever is worse than an error.
            if count == 0 { throw FileSystemError(.write, path, code: EIO) }
            done += count
        }
    }

    func syncData() throws(FileSystemError) {
        try SystemCall.check(.syncData, path, indelible_sync_data(descriptor))
    }

    func sync() throws(FileSystemError) {
        try SystemCall.check(.sync, path, indelible_sync(descriptor))
    }

    func size() throws(FileSystemError) -> Int {
        var status = stat()
        _ = try SystemCall.retrying(.size, path) { fstat(descriptor, &status) }
        return Int(status.st_size)
    }

    func truncate(to size: Int) throws(FileSystemError) {
        _ = try SystemCall.retrying(.truncate, path) { ftruncate(descriptor, off_t(size)) }
    }

    func deallocate(from offset: Int) throws(FileSystemError) {
        let size = try size()
        guard offset < size else { return }
        let code = indelible_punch_hole(descriptor, Int64(offset), Int64(size - offset))
        if code != EOPNOTSUPP && code != ENOSYS { try SystemCall.check(.deallocate, path, code) }
    }

    /// The descriptor for direct reads; nil where there are none. The first call drops the pages that are cached, so that
    /// later cached reads agree with what the device holds.
    private func openUncached() throws(FileSystemError) -> Int32? {
        try uncached.withLock { uncached throws(FileSystemError) in
            switch uncached {
            case .direct(let direct): return direct
            case .dropping: return nil
            case .unopened: break
            }
            try SystemCall.check(.read, path, indelible_drop_cached_pages(descriptor))
            #if os(Linux)
                // By the descriptor: the file may have been renamed.
                let direct = indelible_open_uncached("/proc/self/fd/\(descriptor)")
            #else
                let direct = indelible_open_uncached(path)
            #endif
            uncached = direct >= 0 ? .direct(direct) : .dropping
            return direct >= 0 ? direct : nil
        }
    }

    /// Reads whole blocks; fewer bytes only at the end of the file, where a direct read may stop within a block.
    private func readAligned(
        _ direct: Int32, into buffer: UnsafeMutableRawBufferPointer, at start: Int
    ) throws(FileSystemError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = try SystemCall.retrying(.read, path) {
                pread(direct, buffer.baseAddress! + done, buffer.count - done, off_t(start + done))
            }
            done += count
            if count == 0 || count % Self.directAlignment != 0 { break }
        }
        return done
    }
}

/// A locked file. The lock belongs to the open file description: it goes with the last descriptor, or by ``release()``.
final class PosixLock: DirectoryLock {
    private let descriptor: Int32
    private let isReleased = Atomic(false)

    /// - Parameter descriptor: Owned by the lock from now on.
    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        release()
    }

    func release() {
        guard !isReleased.exchange(true, ordering: .relaxed) else { return }
        // Closing is not enough: a process that was just forked shares the description until it runs its program.
        indelible_unlock_file(descriptor)
        closeDescriptor(descriptor)
    }
}
