#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A call to the file system that failed: what was tried, on which file, and what the system said.
package struct FileSystemError: Error, Equatable {
    package enum Operation: String, Sendable, CaseIterable {
        case createDirectory = "create the directory"
        case list = "list"
        case exists = "look for"
        case open = "open"
        case create = "create"
        case read = "read"
        case write = "write to"
        case syncData = "sync the data of"
        case sync = "sync"
        case size = "take the size of"
        case truncate = "truncate"
        case deallocate = "give back space of"
        case rename = "rename"
        case remove = "remove"
        case syncDirectory = "sync the directory"
        case lock = "lock"
    }

    /// What the callers tell apart; everything else is ``other``.
    package enum Reason: Equatable, Sendable {
        /// Another open file description holds the lock.
        case locked
        /// The disk or the quota is full.
        case diskFull
        case notFound
        case alreadyExists
        case notADirectory
        case permissionDenied
        case readOnlyFileSystem
        case tooManyOpenFiles
        /// The device failed. What the file holds now is not known.
        case inputOutput
        case other
    }

    package var operation: Operation
    package var path: String
    /// The system's `errno`.
    package var code: Int32

    package init(_ operation: Operation, _ path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    package var reason: Reason {
        switch code {
        case EAGAIN: operation == .lock ? .locked : .other
        case ENOSPC, EDQUOT: .diskFull
        case ENOENT: .notFound
        case EEXIST: .alreadyExists
        case ENOTDIR: .notADirectory
        case EACCES, EPERM: .permissionDenied
        case EROFS: .readOnlyFileSystem
        case EMFILE, ENFILE: .tooManyOpenFiles
        case EIO: .inputOutput
        default: .other
        }
    }
}

extension FileSystemError: CustomStringConvertible {
    package var description: String {
        let advice =
            switch reason {
            case .locked: "another process has it open; stop that one, or wait for the lock"
            case .diskFull: "no space is left; free some and open the log again"
            case .notFound: "it does not exist; check the path"
            case .alreadyExists: "it exists already"
            case .notADirectory: "a part of the path is not a directory; check the path"
            case .permissionDenied: "permission denied; check the owner and the mode"
            case .readOnlyFileSystem: "the file system is read-only; mount it read-write"
            case .tooManyOpenFiles: "too many files are open; raise the limit (ulimit -n)"
            case .inputOutput: "the device reported an error; check the disk before opening the log again"
            case .other: "\(String(cString: strerror(code)))"
            }
        return "could not \(operation.rawValue) \(path): \(advice) (errno \(code))"
    }
}
