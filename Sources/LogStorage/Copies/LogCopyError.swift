/// Why a copy of a log was not made. What the copy's directory held before is as it was, unless a case says otherwise; the
/// log that was read never changes.
package enum LogCopyError: Error, Equatable, Sendable {
    /// The log that is copied cannot be read: damage, a newer version, the device.
    case source(LogError)
    /// The file system refused while the copy was written. A backup is then what it was before, or has more of the log.
    case storage(FileSystemError)
    /// The log's files were replaced by others again and again while they were being copied.
    case unsettled(path: String)
    /// The directory that is to become a log holds something.
    case notEmpty(path: String, found: String)
    /// The backup is that of another log.
    case anotherLog(path: String)
    /// The backup holds what the log does not: somebody opened it and went on from there, or the log was put back to an
    /// earlier time.
    case parted(path: String, segment: UInt64)
    /// Another process, or another part of this one, writes to the copy.
    case inUse(directory: String)
    /// The copy is damaged, or no log at all.
    case copy(LogError)
    /// What was written does not read back as what was copied, though the source is intact: the target's disk is at fault.
    case copyDiffers(path: String)
}

extension LogCopyError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .source(let error): "\(error)"
        case .storage(let error): "\(error)"
        case .unsettled(let path): "the files of \(path) change faster than they can be copied; try again"
        case .notEmpty(let path, StagedDirectory.marker):
            "\(path) holds what an interrupted restore or salvage left; remove it and begin again"
        case .notEmpty(let path, let found):
            "\(path) is not empty: found \(found) there; choose a directory that is missing or empty"
        case .anotherLog(let path):
            "\(path) is a backup of another log; choose another directory"
        case .parted(let path, let segment):
            """
            \(path) does not continue into the log: segment \(SegmentNames.segment(segment)) differs. It was opened and written \
            to, or the log was put back to an earlier time; begin a backup in another directory
            """
        case .inUse(let directory):
            "\(directory) is in use: another process writes to it"
        case .copy(let error): "\(error)"
        case .copyDiffers(let path):
            "\(path) does not read back as it was written, and the source is intact: check the disk that it is on"
        }
    }
}

extension LogCopyError {
    /// An error met in the copy's directory.
    init(ofTarget error: LogError) {
        switch error {
        case .storage(let error): self = .storage(error)
        case .notALog(let path, let found): self = .notEmpty(path: path, found: found)
        default: self = .copy(error)
        }
    }
}

extension LogFileSystem {
    /// Keeps every other writer out of the directory of a copy.
    func lockCopy(_ directory: String) throws(LogCopyError) -> any DirectoryLock {
        do throws(FileSystemError) { return try lock(directory + "/" + SegmentNames.lock, wait: false) } catch {
            throw error.reason == .locked ? .inUse(directory: directory) : .storage(error)
        }
    }
}
