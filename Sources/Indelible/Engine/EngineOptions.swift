import EngineRuntime
import ExecutionModel
import LogStorage
import Logging

/// What an engine is told when it opens. None of it is recorded: a log may be opened with other options each time.
public struct EngineOptions: Sendable {
    /// When something counts as recorded.
    public enum Durability: Sendable, Hashable {
        /// When it is synced to the disk: it survives a power cut. One step of one execution costs one sync; steps of
        /// many executions share them.
        case durable
        /// When it is written: it survives the end of the process; a power cut may take the last 50 ms.
        case relaxed
    }

    public var durability: Durability
    /// How many handlers may run at once. More wait in order.
    public var concurrencyLimit: Int
    /// Whether `open` waits while another process has the log open, for a rolling restart. False: it is refused.
    public var waitsForLock: Bool
    /// Sizes that the log's files are made in, in bytes, each a multiple of 4 KiB; the last repeats. They are written
    /// out when they are made.
    public var segmentSizes: [Int]
    /// Starts every commit on a 4 KiB boundary: for disks on which a power cut may damage what was synced before.
    public var padsCommits: Bool
    /// How long handlers have to end when the engine is shut down as a service.
    public var shutdownGrace: Duration
    /// Where the engine's and the handlers' messages go.
    public var logger: Logger
    /// Where handlers run; nil: the global pool. Steps' bodies run on the global pool all the same, unless they ask to
    /// run inline.
    public var handlerExecutor: (any TaskExecutor)?
    /// What executions and their operations may take: the engine's own limits, or AWS Lambda's.
    public var limits: EngineLimits
    /// How many suspended handlers are kept in memory, so that they go on without a replay: about 15 KB each, and what they
    /// hold. The one that has waited for longest makes room for the newest. 0: none.
    public var parkedHandlersMax: Int
    /// What observes executions: metrics, traces, logs. Asked in this order.
    public var plugins: [any DurablePlugin]
    /// How many bytes a second of the log's older files are read again, to find damage early: all of them at most once a day.
    /// What is found is logged, and in ``DurableEngine/storageHealth``. 0: none.
    public var scrubBytesPerSecond: Int

    public init(
        durability: Durability = .durable, concurrencyLimit: Int = 10_000, waitsForLock: Bool = false,
        segmentSizes: [Int] = [1 << 20, 4 << 20, 16 << 20, 64 << 20], padsCommits: Bool = false,
        shutdownGrace: Duration = .seconds(10), logger: Logger = Logger(label: "indelible"),
        handlerExecutor: (any TaskExecutor)? = nil, limits: EngineLimits = .embedded, parkedHandlersMax: Int = 1_024,
        plugins: [any DurablePlugin] = [], scrubBytesPerSecond: Int = 4 << 20
    ) {
        precondition(scrubBytesPerSecond >= 0, "a rate is 0 or more")
        precondition(parkedHandlersMax >= 0, "the number of parked handlers is 0 or more")
        precondition(concurrencyLimit >= 1, "an engine's concurrency limit must be at least 1")
        precondition(
            !segmentSizes.isEmpty && segmentSizes.allSatisfy { $0 > 0 && $0 % 4_096 == 0 },
            "segment sizes are multiples of 4 KiB, at least one of them")
        self.durability = durability
        self.concurrencyLimit = concurrencyLimit
        self.waitsForLock = waitsForLock
        self.segmentSizes = segmentSizes
        self.padsCommits = padsCommits
        self.shutdownGrace = shutdownGrace
        self.logger = logger
        self.handlerExecutor = handlerExecutor
        self.limits = limits
        self.parkedHandlersMax = parkedHandlersMax
        self.plugins = plugins
        self.scrubBytesPerSecond = scrubBytesPerSecond
    }
}

extension RuntimeOptions {
    package init(_ options: EngineOptions) {
        var log = LogOptions()
        log.durability =
            switch options.durability {
            case .durable: .durable
            case .relaxed: .relaxed
            }
        log.segmentSizes = options.segmentSizes
        log.padCommits = options.padsCommits
        self.init(
            log: log, limits: options.limits.limits, concurrencyLimit: options.concurrencyLimit,
            waitsForLock: options.waitsForLock, unknownTargets: options.limits.unknownTargets)
    }
}
