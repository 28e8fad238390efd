import CStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's files. What ``LogFileSystem`` promises holds where the disk obeys flushes.
package struct PosixFileSystem: LogFileSystem {
    package init() {}

    package func createDirectory(_ path: String) throws(FileSystemError) {
        // Made for the owner alone: it holds payments.
        if mkdir(path, 0o700) == 0 {
            return try syncDirectory(parent(of: path))
        }
        switch errno {
        case EEXIST:
            var status = stat()
            _ = try SystemCall.retrying(.createDirectory, path) { stat(path, &status) }
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw FileSystemError(.createDirectory, path, code: ENOTDIR)
            }
        case ENOENT where parent(of: path) != path:
            try createDirectory(parent(of: path))
            try createDirectory(path)
        case let code:
            throw FileSystemError(.createDirectory, path, code: code)
        }
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        guard let stream = opendir(directory) else { throw FileSystemError(.list, directory, code: errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                try SystemCall.check(.list, directory, errno)
                break
            }
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
                    String(cString: $0)
                }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        if access(path, F_OK) == 0 { return true }
        guard errno == ENOENT else { throw FileSystemError(.exists, path, code: errno) }
        return false
    }

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        let descriptor =
            switch mode {
            case .read: try SystemCall.open(.open, path, flags: O_RDONLY)
            case .readWrite: try SystemCall.open(.open, path, flags: O_RDWR)
            case .create: try SystemCall.open(.create, path, flags: O_RDWR | O_CREAT | O_EXCL)
            }
        return PosixFile(descriptor: descriptor, path: path)
    }

    package func rename(_ source: String, to target: String) throws(FileSystemError) {
        _ = try SystemCall.retrying(.rename, source) { renameFile(source, target) }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        _ = try SystemCall.retrying(.remove, path) { unlink(path) }
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        let descriptor = try SystemCall.open(.syncDirectory, path, flags: O_RDONLY | O_DIRECTORY)
        defer { closeDescriptor(descriptor) }
        try SystemCall.check(.syncDirectory, path, indelible_sync(descriptor))
    }

    package func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        let descriptor = try SystemCall.open(.lock, path, flags: O_RDWR | O_CREAT)
        let code = indelible_lock_file(descriptor, wait)
        guard code == 0 else {
            closeDescriptor(descriptor)
            throw FileSystemError(.lock, path, code: code)
        }
        return PosixLock(descriptor: descriptor)
    }

    private func parent(of path: String) -> String {
        let trimmed = path.utf8.last == UInt8(ascii: "/") ? path.dropLast() : path[...]
        guard let slash = trimmed.lastIndex(of: "/") else { return "." }
        return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
    }
}

// Inside the types, these names would be the types' own.
private func renameFile(_ source: String, _ target: String) -> Int32 { rename(source, target) }
func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
