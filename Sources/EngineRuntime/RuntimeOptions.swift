import ExecutionEngine
import ExecutionModel
import LogStorage

/// What an engine is told when it opens.
package struct RuntimeOptions: Sendable {
    package var log: LogOptions
    package var limits: Limits
    /// How many invocations may be in flight in this engine. More wait in order.
    package var concurrencyLimit: Int
    /// Whether `open` waits for another process to release the directory, for a rolling restart. False: it is refused.
    package var waitsForLock: Bool
    /// What executions' Resource Names say of whose they are.
    package var owner: ExecutionARN.Owner
    /// Bytes of a payload that is kept in memory when the engine opens; a longer one is read from the log when it is wanted.
    package var payloadLengthInMemoryMax: Int
    /// What becomes of chained invokes of functions that nobody has registered.
    package var unknownTargets: UnknownTargetPolicy
    /// When executions leave memory, and what keeps openings short.
    package var maintenance = MaintenanceOptions()

    package init(
        log: LogOptions = LogOptions(), limits: Limits = .embedded, concurrencyLimit: Int = 10_000,
        waitsForLock: Bool = false, owner: ExecutionARN.Owner = .embedded, unknownTargets: UnknownTargetPolicy = .wait,
        payloadLengthInMemoryMax: Int = 4_096
    ) {
        self.log = log
        self.limits = limits
        self.concurrencyLimit = concurrencyLimit
        self.waitsForLock = waitsForLock
        self.owner = owner
        self.unknownTargets = unknownTargets
        self.payloadLengthInMemoryMax = payloadLengthInMemoryMax
    }
}
