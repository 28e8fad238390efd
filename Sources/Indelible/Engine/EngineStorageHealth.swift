import EngineRuntime
import LogStorage
import Logging

/// How an engine's log is kept: what was found when its older files were read again, as is done all the time, slowly
/// (``EngineOptions/scrubBytesPerSecond``), and what the work beside the executions has come to.
///
/// `IndelibleObservability` has `StorageMetrics`, which exports it.
public struct EngineStorageHealth: Sendable {
    /// Bytes read and checked since the log was opened. For a counter.
    public let verifiedByteCount: Int
    /// How often all of the older files have been read.
    public let passCount: Int
    /// Places that are damaged or cannot be read, each once, with file and byte. The engine runs on, but the log will not open
    /// again: take a backup at once (`indelible log backup` keeps what an older backup has), and see "When a log is damaged".
    public let damage: [String]

    // Since the log was opened, for counters:

    /// Snapshots of the engine that were written: an opening starts from the newest.
    public let snapshotCount: Int
    /// Files that compaction has dropped.
    public let compactedFileCount: Int
    /// Bytes of records that compaction has copied, before compression.
    public let copiedByteCount: Int
    /// Bytes of the files that compaction has dropped, less those of the files that took their place. Their space is free
    /// two snapshots later.
    public let givenBackByteCount: Int
    /// Executions that were brought into memory from the disk, and those that have left memory.
    public let loadedExecutionCount: Int
    public let evictedExecutionCount: Int

    // Now, for gauges:

    /// Executions in memory.
    public let residentExecutionCount: Int
    /// Bytes on the disk of the files to which nothing is appended any more, by the newest snapshot.
    public let storedByteCount: Int
    /// Bytes of the records in the log, before compression, and those of them that an execution still needs.
    public let recordByteCount: Int
    public let liveByteCount: Int

    package init(_ progress: ScrubProgress, _ counts: MaintenanceCounts) {
        verifiedByteCount = progress.byteCount
        passCount = progress.passCount
        damage = progress.findings.map { "\($0)" }
        snapshotCount = counts.snapshotCount
        compactedFileCount = counts.compactedFileCount
        copiedByteCount = counts.copiedByteCount
        givenBackByteCount = counts.givenBackByteCount
        loadedExecutionCount = counts.loadedCount
        evictedExecutionCount = counts.evictedCount
        residentExecutionCount = counts.residentCount
        storedByteCount = counts.storedByteCount
        recordByteCount = counts.recordByteCount
        liveByteCount = counts.liveByteCount
    }
}

extension DurableEngine {
    /// Whether the log's older files are still what was written, and what keeping them costs. A method of its own: ``health``
    /// is about the engine, which works all the same. Cheap, but it looks at every file of the log: for once in some seconds.
    public var storageHealth: EngineStorageHealth {
        EngineStorageHealth(runtime.scrubProgress, runtime.maintenanceCounts)
    }

    /// Says in the engine's log what the scrubber finds.
    func reportDamage() {
        let logger = options.logger
        runtime.observeScrubbing { finding in
            logger.critical(
                "the log is damaged: \(finding). The engine runs on; the log will not open again as it is",
                metadata: ["segment": "\(finding.segment)", "offset": "\(finding.offset)"])
        }
    }
}
