import Indelible
import Metrics
import Synchronization

/// Exports what an engine's log is like, for whatever back end swift-metrics is bootstrapped with.
///
/// ```swift
/// let metrics = StorageMetrics()
/// // Every ten seconds or so, on a task of the service's own:
/// metrics.record(engine.storageHealth)
/// ```
///
/// | metric | kind | of ``EngineStorageHealth`` |
/// |---|---|---|
/// | `indelible_storage_verified_bytes` | counter | `verifiedByteCount` |
/// | `indelible_storage_damage` | counter | places in `damage` |
/// | `indelible_storage_snapshots` | counter | `snapshotCount` |
/// | `indelible_storage_compacted_files` | counter | `compactedFileCount` |
/// | `indelible_storage_copied_bytes` | counter | `copiedByteCount` |
/// | `indelible_storage_given_back_bytes` | counter | `givenBackByteCount` |
/// | `indelible_executions_loaded` | counter | `loadedExecutionCount` |
/// | `indelible_executions_evicted` | counter | `evictedExecutionCount` |
/// | `indelible_executions_resident` | gauge | `residentExecutionCount` |
/// | `indelible_storage_bytes` | gauge | `storedByteCount` |
/// | `indelible_storage_record_bytes` | gauge | `recordByteCount` |
/// | `indelible_storage_live_bytes` | gauge | `liveByteCount` |
///
/// One for each engine that is opened: its counts begin at zero.
public final class StorageMetrics: Sendable {
    private let counters: [Counter]
    private let gauges: [Gauge]
    /// What the counters were raised by so far.
    private let counted: Mutex<[Int]>

    private static let counts: [(label: String, value: @Sendable (EngineStorageHealth) -> Int)] = [
        ("indelible_storage_verified_bytes", { $0.verifiedByteCount }),
        ("indelible_storage_damage", { $0.damage.count }),
        ("indelible_storage_snapshots", { $0.snapshotCount }),
        ("indelible_storage_compacted_files", { $0.compactedFileCount }),
        ("indelible_storage_copied_bytes", { $0.copiedByteCount }),
        ("indelible_storage_given_back_bytes", { $0.givenBackByteCount }),
        ("indelible_executions_loaded", { $0.loadedExecutionCount }),
        ("indelible_executions_evicted", { $0.evictedExecutionCount }),
    ]

    private static let levels: [(label: String, value: @Sendable (EngineStorageHealth) -> Int)] = [
        ("indelible_executions_resident", { $0.residentExecutionCount }),
        ("indelible_storage_bytes", { $0.storedByteCount }),
        ("indelible_storage_record_bytes", { $0.recordByteCount }),
        ("indelible_storage_live_bytes", { $0.liveByteCount }),
    ]

    /// - Parameters:
    ///   - dimensions: Of every metric: to tell the engines of a process apart.
    ///   - factory: Nil: the one that the process is bootstrapped with.
    public init(dimensions: [(String, String)] = [], factory: (any MetricsFactory)? = nil) {
        let factory = factory ?? MetricsSystem.factory
        counters = Self.counts.map { Counter(label: $0.label, dimensions: dimensions, factory: factory) }
        gauges = Self.levels.map { Gauge(label: $0.label, dimensions: dimensions, factory: factory) }
        counted = Mutex(Self.counts.map { _ in 0 })
    }

    /// Raises the counters by what has been added since the last call, and sets the gauges.
    public func record(_ health: EngineStorageHealth) {
        let values = Self.counts.map { $0.value(health) }
        let added = counted.withLock { counted in
            let added = zip(values, counted).map { max(0, $0 - $1) }
            counted = zip(values, counted).map { max($0, $1) }
            return added
        }
        for (counter, count) in zip(counters, added) where count > 0 { counter.increment(by: Int64(count)) }
        for (gauge, level) in zip(gauges, Self.levels) { gauge.record(level.value(health)) }
    }
}
