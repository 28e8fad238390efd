/// The files of a log: the seam at which storage is faulted in tests.
///
/// Paths are absolute or relative to the process, with `/` between parts. Calls block; none may run on the cooperative
/// pool. Nothing is durable until a `sync…` call that covers it has returned: a file's bytes by its own ``LogFile/syncData()``
/// or ``LogFile/sync()``, its size by ``LogFile/sync()``, its name by ``syncDirectory(_:)`` of its directory.
/// After a call failed, what it was to change is not known.
package protocol LogFileSystem: Sendable {
    /// Makes the directory and the missing ones above it, durably. No error when it exists.
    func createDirectory(_ path: String) throws(FileSystemError)

    /// The names in the directory, sorted by their bytes, without `.` and `..`.
    func list(_ directory: String) throws(FileSystemError) -> [String]

    func exists(_ path: String) throws(FileSystemError) -> Bool

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile

    /// Atomic; replaces `target`. Both are in one directory.
    func rename(_ source: String, to target: String) throws(FileSystemError)

    func remove(_ path: String) throws(FileSystemError)

    /// Makes the names made, changed and removed in the directory durable.
    func syncDirectory(_ path: String) throws(FileSystemError)

    /// Locks the file, which is made when absent, for this open file description: a second lock is refused in this
    /// process too, and the end of the process releases it.
    ///
    /// - Parameter wait: Blocks until the holder releases it, instead of throwing ``FileSystemError/Reason/locked``.
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock
}

package enum FileOpenMode: Sendable {
    case read
    case readWrite
    /// Read and write; the file must not exist.
    case create
}

/// An open file. Thread-safe: reads may run beside a write; two writes of overlapping ranges may not.
package protocol LogFile: AnyObject, Sendable {
    /// Fewer than `count` bytes only where the file ends.
    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8]

    /// Like ``read(at:count:)``, but past the page cache: what the device holds. After a failed sync the cache shows
    /// bytes that never reached the device, so recovery reads by this. Later ``read(at:count:)`` calls agree with it.
    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8]

    /// Writes all of `bytes` or throws; after an error any part may have been written. Extends the file when needed.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError)

    /// Makes the bytes written durable (`fdatasync`), but not a changed size.
    func syncData() throws(FileSystemError)

    /// Makes the bytes written and the size durable (`fsync`).
    func sync() throws(FileSystemError)

    func size() throws(FileSystemError) -> Int

    /// Cuts the file, or extends it with zeros.
    func truncate(to size: Int) throws(FileSystemError)

    /// Gives the space from `offset` to the end of the file back; the bytes read as zeros, the size stays. Does nothing
    /// where the file system cannot.
    func deallocate(from offset: Int) throws(FileSystemError)

    /// Ends the use of the file. Harmless when repeated; syncs nothing.
    func close()
}

/// A lock on a log's directory, held until it is released, dropped, or the process ends.
package protocol DirectoryLock: AnyObject, Sendable {
    /// Harmless when repeated.
    func release()
}

extension LogFile {
    /// Writes all of `bytes` or throws, as the requirement of this name does.
    package func write(_ bytes: [UInt8], at offset: Int) throws(FileSystemError) {
        try bytes.span.bytes.withUnsafeBytes { buffer throws(FileSystemError) in try write(buffer, at: offset) }
    }
}
