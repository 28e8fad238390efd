import ExecutionModel
import LogStorage
import Synchronization

/// What the maintenance is in the middle of, and when it last did what it does from time to time.
struct MaintenanceWork: ~Copyable {
    private var lastSnapshotTime: Timestamp?
    private var lastEvictionTime: Timestamp?
    private var merge: TableMerge?
    private var compaction: Compaction?
    /// Whether a step has failed. Which manifest counts may not be known then, so none is written any more.
    private var hasFailed = false
    /// How long to leave the disk to others.
    private(set) var pauseMilliseconds: Int64 = 0

    /// Frames and entries that one step deals with, so that what else is to be done does not wait long.
    private static let framesPerStep = 512
    private static let mergedEntriesPerStep = 4_096
    private static let copiedBytesPerStep = 512 << 10

    /// Does some of what is to be done.
    /// - Returns: Whether there was anything.
    mutating func step(_ runtime: EngineRuntime) throws(RuntimeError) -> Bool {
        guard !hasFailed else {
            try runtime.extendTimerFeed()
            return false
        }
        do throws(RuntimeError) {
            return try work(runtime)
        } catch {
            giveUp()
            // A full disk may have room later.
            hasFailed = !error.isOfFullDisk
            throw error
        }
    }

    private mutating func work(_ runtime: EngineRuntime) throws(RuntimeError) -> Bool {
        let now = runtime.seams.clock.now()
        let hasIndexed = try index(runtime)
        try runtime.extendTimerFeed()
        if isSnapshotDue(runtime, at: now), try runtime.writeEngineSnapshot() {
            lastSnapshotTime = now
            try runtime.evictIdle()
            lastEvictionTime = now
            return true
        }
        if isEvictionDue(runtime, at: now) {
            try runtime.evictIdle()
            lastEvictionTime = now
        }
        let hasMerged = try stepMerge(runtime)
        let hasCompacted = try stepCompaction(runtime)
        return hasIndexed || hasMerged || hasCompacted
    }

    private func index(_ runtime: EngineRuntime) throws(RuntimeError) -> Bool {
        guard try runtime.indexer.step(frameLimit: Self.framesPerStep) > 0 else { return false }
        let position = runtime.index.position
        runtime.core.withLock { $0.noteIndexed(to: position) }
        return true
    }

    private mutating func isSnapshotDue(_ runtime: EngineRuntime, at now: Timestamp) -> Bool {
        let options = runtime.options.maintenance
        let (changeCount, byteCount) = runtime.index.content.withLock { ($0.changes.count, $0.byteCount) }
        guard changeCount > 0 else {
            lastSnapshotTime = now
            return false
        }
        if byteCount >= options.snapshotByteCount { return true }
        // Not more often than it helps: most of those in memory may be busy.
        if changeCount > options.residentCountMax / 8, runtime.residentCount > options.residentCountMax { return true }
        guard let last = lastSnapshotTime, now >= last else {
            lastSnapshotTime = now
            return false
        }
        return now.since(last) >= options.snapshotInterval
    }

    private mutating func isEvictionDue(_ runtime: EngineRuntime, at now: Timestamp) -> Bool {
        guard let last = lastEvictionTime, now >= last else {
            lastEvictionTime = now
            return false
        }
        return now.since(last) >= runtime.options.maintenance.idleTime
    }

    /// Leaves what it is in the middle of: nothing of it has happened.
    private mutating func giveUp() {
        merge.take()?.abandon()
        compaction.take()?.abandon()
    }

    /// Gives up what is under way. Then has the index hold all that is durable, and writes it down, if it may.
    mutating func finish(_ runtime: EngineRuntime, writes: Bool) throws(RuntimeError) {
        giveUp()
        guard writes, !hasFailed else { return }
        while try index(runtime) {}
        try runtime.writeEngineSnapshot()
    }

    /// Compacts files, a piece at a time.
    private mutating func stepCompaction(_ runtime: EngineRuntime) throws(RuntimeError) -> Bool {
        pauseMilliseconds = 0
        if compaction == nil {
            let victims = runtime.compactionVictims()
            if victims.isEmpty { return false }
            compaction = try Compaction(victims, runtime)
        }
        guard var current = compaction.take() else { return false }
        let isDone: Bool
        do throws(RuntimeError) {
            isDone = try current.step(runtime, byteLimit: Self.copiedBytesPerStep)
        } catch {
            // Its next step would go on behind what could not be copied.
            current.abandon()
            throw error
        }
        if isDone { try current.finish(runtime) } else { compaction = consume current }
        pauseMilliseconds = Int64(1_000 * Self.copiedBytesPerStep / runtime.options.maintenance.compactionByteRate)
        return true
    }

    /// Merges tables, some of their entries at a time.
    private mutating func stepMerge(_ runtime: EngineRuntime) throws(RuntimeError) -> Bool {
        let runs = runtime.index.content.withLock { $0.runs }
        var merged: (sources: [UInt64], table: TableInfo)?
        do throws(TableMergeError) {
            if merge == nil { merge = try Self.beginMerge(of: runs, runtime.files) }
            guard let sources = merge?.sources else { return false }
            guard let table = try merge?.step(entryLimit: Self.mergedEntriesPerStep) else { return true }
            merge = nil
            merged = (sources, table)
        } catch {
            merge = nil
            switch error {
            case .reading(let error): throw .index(.table(error))
            case .writing(let error): throw .log(.storage(error))
            }
        }
        guard let (sources, table) = merged.take() else { return false }
        try runtime.replaceTables(by: runs.replacing(sources, with: try runtime.files.open(table)))
        return true
    }

    private static func beginMerge(of runs: TableRuns, _ files: IndexFiles) throws(TableMergeError) -> TableMerge? {
        guard let range = runs.runsToMerge else { return nil }
        do throws(FileSystemError) {
            return try TableMerge(
                range, of: runs, number: files.takeTableNumber(), directory: files.directory,
                fileSystem: files.fileSystem)
        } catch {
            throw .writing(error)
        }
    }
}
