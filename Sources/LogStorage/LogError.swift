/// Why the log did not do what it was asked.
package enum LogError: Error, Equatable, Sendable {
    /// A write or a sync failed. What was appended and not acknowledged may or may not be recorded; only opening the log
    /// again tells. Nothing more is accepted until then, since the kernel may have dropped what it could not write.
    case outcomeUnknown(FileSystemError)
    /// The log was closed.
    case closed
    /// No further segment can be made. New work is refused; running work goes on in the room that is left.
    case noRoom(FileSystemError)
    /// An append of more bytes than a group may have. Nothing was written.
    case appendTooLarge(byteCount: Int, limit: Int)
    /// Another process, or another part of this one, has the log open.
    case inUse(directory: String)
    /// The path is a file, or a directory that holds other things.
    case notALog(path: String, found: String)
    /// A newer version of this software wrote the segment. Nothing was changed. Without a version it is one of this
    /// format's version, with something in it that this build does not know.
    case newerVersion(segment: UInt64, version: UInt32?, supported: UInt32)
    /// A newer version of this software wrote the manifest; see ``newerVersion(segment:version:supported:)``.
    case newerManifest(number: UInt64, version: UInt32?, supported: UInt32)
    /// What the log holds is not what was written.
    case damaged(LogDamage)
    /// Whoever opened the log did not accept what it holds. Nothing was written.
    case declined
    /// No record has this number, or it is not durable yet.
    case noSuchRecord(LSN)
    /// The file system refused while the log was being opened or read. Nothing was lost by it.
    case storage(FileSystemError)
}

extension LogError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .outcomeUnknown(let cause):
            "the log stopped: \(cause); what was not acknowledged may or may not be recorded: open the log again to see"
        case .closed:
            "the log is closed"
        case .noRoom(let cause):
            "the log has no room for new work: \(cause); running work goes on meanwhile"
        case .appendTooLarge(let byteCount, let limit):
            "an append of \(byteCount) bytes is over the limit of \(limit); split it"
        case .inUse(let directory):
            "the log in \(directory) is open elsewhere, in another process or this one; close it there, or open with waitForLock"
        case .notALog(let path, let found):
            "\(path) is no log: found \(found) there; choose an empty directory or one that holds a log"
        case .newerVersion(let segment, let version, let supported):
            """
            segment \(SegmentNames.segment(segment)) has \(version.map { "format version \($0)" } ?? "unknown features"), \
            this program reads up to version \(supported); use the newer program. Nothing was changed
            """
        case .newerManifest(let number, let version, let supported):
            """
            \(LogFileKind.manifest.name(number)) has \(version.map { "format version \($0)" } ?? "unknown features"), \
            this program reads up to version \(supported); use the newer program. Nothing was changed
            """
        case .damaged(let damage):
            "\(damage)"
        case .declined:
            "the log holds records that this program does not accept; nothing was written"
        case .noSuchRecord(let lsn):
            "the log has no durable record \(lsn.rawValue)"
        case .storage(let cause):
            "\(cause)"
        }
    }
}
