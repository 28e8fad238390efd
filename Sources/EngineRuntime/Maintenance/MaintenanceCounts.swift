import LogStorage
import Synchronization

/// What an engine has done since it was opened to keep its log, memory and start-up small, and what it has on the disk.
package struct MaintenanceCounts: Equatable, Sendable {
    /// Engine snapshots that were made durable.
    package var snapshotCount = 0
    /// Files that compactions have dropped.
    package var compactedFileCount = 0
    /// Bytes of records that compactions have copied, before compression.
    package var copiedByteCount = 0
    /// Bytes of the files that compactions have dropped, less those of the files that took their place.
    package var givenBackByteCount = 0
    /// Executions that were brought into memory, and those that have left it.
    package var loadedCount = 0
    package var evictedCount = 0
    /// Executions in memory now.
    package var residentCount = 0
    /// Bytes of the files that the newest engine snapshot lists, as far as nothing is appended to them any more.
    package var storedByteCount = 0
    /// Bytes of records that the log holds, before compression, and those of them that an execution still needs.
    package var recordByteCount = 0
    package var liveByteCount = 0

    package init() {}
}

extension EngineRuntime {
    package var maintenanceCounts: MaintenanceCounts {
        var counts = counts.withLock { $0 }
        counts.residentCount = residentCount
        counts.storedByteCount = files.newest?.storedByteCount ?? 0
        index.content.withLock { content in
            for bytes in content.bytes.values {
                counts.recordByteCount += bytes.total
                counts.liveByteCount += bytes.live
            }
        }
        return counts
    }
}

extension Manifest {
    /// Bytes of these files, those of the segment apart that is written to.
    fileprivate func byteCount(of files: some Sequence<LogFileID>) -> Int {
        let files = Set(files)
        let appended = sealedSegments.filter { files.contains(.append($0.number)) }.reduce(0) { $0 + $1.end }
        return rewriteSegments.filter { files.contains(.rewrite($0.number)) }.reduce(appended) { $0 + $1.byteCount }
    }

    fileprivate var storedByteCount: Int {
        let files = sealedSegments.map { LogFileID.append($0.number) } + rewriteSegments.map { .rewrite($0.number) }
        return tables.reduce(byteCount(of: files)) { $0 + $1.byteCount }
    }

    /// What dropping `victims` for a copy of so many bytes gives back.
    func givenBackByteCount(_ victims: [LogFileID], for copyByteCount: Int) -> Int {
        max(0, byteCount(of: victims) - copyByteCount)
    }
}
