#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// System calls in the shape that ``PosixFileSystem`` wants them: repeated when a signal interrupts, with a typed error.
enum SystemCall {
    /// Runs `call` until it is not interrupted; a negative result is the errno's error.
    ///
    /// Not for syncs and not for `close`: neither may be repeated.
    static func retrying<Value: SignedInteger>(
        _ operation: FileSystemError.Operation, _ path: String, _ call: () -> Value
    ) throws(FileSystemError) -> Value {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code != EINTR { throw FileSystemError(operation, path, code: code) }
        }
    }

    /// Throws when `code`, an errno, is not 0.
    static func check(
        _ operation: FileSystemError.Operation, _ path: String, _ code: Int32
    ) throws(FileSystemError) {
        if code != 0 { throw FileSystemError(operation, path, code: code) }
    }

    /// Opens a descriptor that a started process does not inherit. A file made is for its owner alone: it holds payments.
    static func open(
        _ operation: FileSystemError.Operation, _ path: String, flags: Int32
    ) throws(FileSystemError) -> Int32 {
        try retrying(operation, path) { openFile(path, flags | O_CLOEXEC, 0o600) }
    }

    /// Reads up to `target.count` bytes; fewer only at the end of the file.
    static func read(
        _ descriptor: Int32, _ path: String, into target: UnsafeMutableRawBufferPointer, at offset: Int
    ) throws(FileSystemError) -> Int {
        var done = 0
        while done < target.count {
            let count = try retrying(.read, path) {
                pread(descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }
}

// Inside the enum, `open` would be the enum's own.
private func openFile(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    open(path, flags, mode)
}
