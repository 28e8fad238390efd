import Indelible
import Metrics
import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Counts and times what executions do, for whatever back end swift-metrics is bootstrapped with.
///
/// | metric | kind | dimensions |
/// |---|---|---|
/// | `indelible_executions_started` | counter | `function` |
/// | `indelible_executions_ended` | counter | `function`, `outcome`: `SUCCEEDED`, `FAILED` |
/// | `indelible_execution_duration` | timer | the same: from the execution's start, waits included |
/// | `indelible_invocations` | counter | `function`, `outcome`: `SUCCEEDED`, `FAILED`, `PENDING`, `RETRY` |
/// | `indelible_invocation_duration` | timer | the same |
/// | `indelible_operations` | counter | `function`, `subtype`, `status`: AWS's words, of operations that have ended |
/// | `indelible_attempts` | counter | `function`, `subtype`, `outcome`: `SUCCEEDED`, `FAILED`, `INCOMPLETE` |
/// | `indelible_attempt_duration` | timer | the same: of a body, without the waits that suspend it |
/// | `indelible_retries` | counter | `function`, `subtype`: attempts that will be made again; checks of a condition, too |
///
/// Executions that end without their handler (stopped, timed out) are not counted as ended: no invocation sees it. One whose
/// first invocation comes to nothing starts again. After a crash, what had happened since the execution was last suspended
/// is counted again.
public struct MetricsPlugin: DurablePlugin {
    private let meters: Meters
    private let uptime: @Sendable () -> Duration

    /// - Parameters:
    ///   - factory: Nil: the one that the process is bootstrapped with when the first metric is made.
    ///   - clock: What durations are taken by.
    public init(factory: (any MetricsFactory)? = nil, clock: some Clock<Duration> = ContinuousClock()) {
        meters = Meters(factory)
        let start = clock.now
        uptime = { start.duration(to: clock.now) }
    }

    public func observer(of invocation: ObservedInvocation) -> any DurableObserver {
        Observer(invocation: invocation, meters: meters, uptime: uptime)
    }

    private final class Observer: DurableObserver {
        private let invocation: ObservedInvocation
        private let meters: Meters
        private let uptime: @Sendable () -> Duration
        private let starts = Mutex(Starts())

        private struct Starts {
            var invocation = Duration.zero
            var bodies: [String: Duration] = [:]
        }

        init(invocation: ObservedInvocation, meters: Meters, uptime: @escaping @Sendable () -> Duration) {
            self.invocation = invocation
            self.meters = meters
            self.uptime = uptime
        }

        private func dimensions(_ more: (String, String)...) -> [(String, String)] {
            [("function", invocation.functionName)] + more
        }

        func invocationStarted(_ invocation: ObservedInvocation) {
            let start = uptime()
            starts.withLock { $0.invocation = start }
            if invocation.isFirst { meters.count("indelible_executions_started", dimensions()) }
        }

        func invocationEnded(
            _ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome, error: RecordedError?
        ) {
            let duration = uptime() - starts.withLock { $0.invocation }
            let dimensions = dimensions(("outcome", outcome.description))
            meters.count("indelible_invocations", dimensions)
            meters.time("indelible_invocation_duration", dimensions, duration)
            guard outcome == .succeeded || outcome == .failed else { return }
            let before = invocation.startTime.timeIntervalSince(invocation.executionStartTime)
            meters.count("indelible_executions_ended", dimensions)
            meters.time(
                "indelible_execution_duration", dimensions, .milliseconds((before * 1_000).rounded()) + duration)
        }

        func operationEnded(_ operation: ObservedOperation) {
            // Neither what leaves no record nor what its record was made of before.
            guard operation.isRecorded, !invocation.sawEnd(of: operation) else { return }
            meters.count(
                "indelible_operations",
                dimensions(("subtype", operation.subType ?? operation.type), ("status", operation.status)))
        }

        func operationsChanged(_ operations: [ObservedOperation]) {
            for operation in operations where operation.status == "PENDING" {
                meters.count("indelible_retries", dimensions(("subtype", operation.subType ?? operation.type)))
            }
        }

        func bodyStarted(_ body: ObservedBody) {
            let start = uptime()
            starts.withLock { $0.bodies[body.operation.id] = start }
        }

        func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError?) {
            let end = uptime()
            guard let start = starts.withLock({ $0.bodies.removeValue(forKey: body.operation.id) }) else { return }
            let dimensions = dimensions(
                ("subtype", body.operation.subType ?? body.operation.type), ("outcome", outcome.description))
            meters.count("indelible_attempts", dimensions)
            meters.time("indelible_attempt_duration", dimensions, end - start)
        }
    }
}

/// Counters and timers, each made once.
private final class Meters: Sendable {
    private let factory: (any MetricsFactory)?
    private let state = Mutex(State())

    private struct State {
        var counters: [String: Counter] = [:]
        var timers: [String: Metrics.Timer] = [:]
    }

    init(_ factory: (any MetricsFactory)?) {
        self.factory = factory
    }

    func count(_ label: String, _ dimensions: [(String, String)]) {
        state.withLock { state in
            let key = Self.key(label, dimensions)
            if let known = state.counters[key] { return known }
            let made = Counter(label: label, dimensions: dimensions, factory: factory ?? MetricsSystem.factory)
            state.counters[key] = made
            return made
        }.increment()
    }

    func time(_ label: String, _ dimensions: [(String, String)], _ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        state.withLock { state in
            let key = Self.key(label, dimensions)
            if let known = state.timers[key] { return known }
            let made = Metrics.Timer(label: label, dimensions: dimensions, factory: factory ?? MetricsSystem.factory)
            state.timers[key] = made
            return made
        }.recordNanoseconds(nanoseconds)
    }

    /// A value of a dimension has no zero byte.
    private static func key(_ label: String, _ dimensions: [(String, String)]) -> String {
        dimensions.reduce(into: label) { $0 += "\0\($1.1)" }
    }
}
