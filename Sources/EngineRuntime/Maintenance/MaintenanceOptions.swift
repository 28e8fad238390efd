import ExecutionModel

/// When what keeps memory and start-up small does its work.
package struct MaintenanceOptions: Sendable {
    /// Bytes of log after which an engine snapshot is written: as many a recovery reads at most, and twice that when the disk
    /// is slow.
    package var snapshotByteCount = 64 << 20
    /// How long what has changed waits for an engine snapshot, however little it is.
    package var snapshotInterval = Milliseconds(60_000)
    /// Executions that may be in memory before an engine snapshot is written early, so that some can leave.
    package var residentCountMax = 100_000
    /// How long an execution that waits stays in memory after its last event.
    package var idleTime = Milliseconds(10_000)
    /// How far ahead timers are brought from the disk to memory: an execution that is due sooner stays there.
    package var timerHorizon = Milliseconds(120_000)
    /// How long before it is due an execution is brought in.
    package var loadAhead = Milliseconds(2_000)
    /// A suspension longer than this gets a snapshot of the execution, so that one read brings it back.
    package var longSuspension = Milliseconds(3_600_000)
    /// When files are compacted; nil: never, so that nothing leaves the disk.
    package var compaction: CompactionPolicy? = CompactionPolicy()
    /// Bytes of records that a compaction copies a second, at most: what commits beside it have to share the disk with.
    package var compactionByteRate = 32 << 20
    /// Bytes of decoded frames that are kept for the next read.
    package var frameCacheByteCount = 32 << 20

    package init() {}
}
