import Foundation
import Indelible
import IndelibleObservability
import IndelibleTesting
import Metrics
import Synchronization
import Testing

/// Keeps what was counted and timed, by label and dimensions.
final class RecordingMetrics: MetricsFactory {
    private let state = Mutex(State())

    private struct State {
        var counts: [String: Int64] = [:]
        var times: [String: [Int64]] = [:]
        var made: [String] = []
    }

    var counts: [String: Int64] { state.withLock { $0.counts } }
    /// In nanoseconds.
    var times: [String: [Int64]] { state.withLock { $0.times } }
    var made: [String] { state.withLock { $0.made } }

    private final class Handler: CounterHandler, TimerHandler {
        let key: String
        let metrics: RecordingMetrics

        init(_ label: String, _ dimensions: [(String, String)], _ metrics: RecordingMetrics) {
            key = ([label] + dimensions.map { "\($0.0)=\($0.1)" }).joined(separator: " ")
            self.metrics = metrics
            metrics.state.withLock { [key] in $0.made.append(key) }
        }

        func increment(by amount: Int64) { metrics.state.withLock { $0.counts[key, default: 0] += amount } }
        func reset() {}
        func recordNanoseconds(_ duration: Int64) {
            metrics.state.withLock { $0.times[key, default: []].append(duration) }
        }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        Handler(label, dimensions, self)
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        Handler(label, dimensions, self)
    }
    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        preconditionFailure("no metric of ours is a recorder")
    }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
}

/// A clock that the test moves.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let offset = Mutex(Duration.zero)
    var now: Instant { Instant(offset: offset.withLock { $0 }) }
    var minimumResolution: Duration { .zero }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
    func move(by duration: Duration) { offset.withLock { $0 += duration } }
}

@Suite(.bothWays) struct MetricsPluginTests {
    struct Flaky: Error {}

    /// Runs a function and gives what was counted, without the functions' names.
    static func run(
        _ metrics: RecordingMetrics, _ clock: ManualClock = ManualClock(), more: [any EngineFunction] = [],
        _ body: @escaping @concurrent @Sendable (DurableContext) async throws -> Void
    ) async throws -> [String: Int64] {
        let function = DurableFunction("pay") { (context: DurableContext) in try await body(context) }
        let test = try await TestEngine(
            functions: [function] + more,
            options: EngineOptions(
                segmentSizes: [256 << 10], plugins: [MetricsPlugin(factory: metrics, clock: clock)]))
        let execution = try await test.engine.start(function)
        do { try await execution.result() } catch is ExecutionError {}
        return metrics.counts
    }

    @Test func `executions, invocations, operations, attempts and retries are counted`() async throws {
        let child = DurableFunction("child") { (number: Int, _: DurableContext) in number }
        let counts = try await Self.run(RecordingMetrics(), more: [child]) { context in
            try await context.step("charge", retry: .fixed(delay: .seconds(1))) { step in
                if step.attempt < 3 { throw Flaky() }
            }
            try await context.runInChildContext { context in
                try await context.wait(for: .seconds(3))
                do { try await context.step("doomed", retry: .none) { _ in throw Flaky() } } catch is StepError {}
            }
            _ = try await context.waitForCondition(from: 0, poll: .until({ $0 == 2 }, every: .seconds(1))) {
                state, _ in state + 1
            }
            _ = try await context.map(nil, [1, 2], maxConcurrency: 1) { item, _ in item }
            _ = try await context.invoke(child, input: 1)
        }
        #expect(
            counts == [
                "indelible_executions_started function=pay": 1,
                "indelible_executions_ended function=pay outcome=SUCCEEDED": 1,
                "indelible_executions_started function=child": 1,
                "indelible_executions_ended function=child outcome=SUCCEEDED": 1,
                "indelible_invocations function=pay outcome=PENDING": 5,
                "indelible_invocations function=pay outcome=SUCCEEDED": 1,
                "indelible_invocations function=child outcome=SUCCEEDED": 1,
                "indelible_operations function=pay subtype=Step status=SUCCEEDED": 1,
                "indelible_operations function=pay subtype=Step status=FAILED": 1,
                "indelible_operations function=pay subtype=Wait status=SUCCEEDED": 1,
                "indelible_operations function=pay subtype=RunInChildContext status=SUCCEEDED": 1,
                "indelible_operations function=pay subtype=WaitForCondition status=SUCCEEDED": 1,
                "indelible_operations function=pay subtype=Map status=SUCCEEDED": 1,
                "indelible_operations function=pay subtype=MapIteration status=SUCCEEDED": 2,
                "indelible_operations function=pay subtype=ChainedInvoke status=SUCCEEDED": 1,
                "indelible_attempts function=pay subtype=Step outcome=SUCCEEDED": 1,
                "indelible_attempts function=pay subtype=Step outcome=FAILED": 3,
                "indelible_attempts function=pay subtype=RunInChildContext outcome=INCOMPLETE": 1,
                "indelible_attempts function=pay subtype=RunInChildContext outcome=SUCCEEDED": 1,
                "indelible_attempts function=pay subtype=WaitForCondition outcome=SUCCEEDED": 2,
                "indelible_attempts function=pay subtype=MapIteration outcome=SUCCEEDED": 2,
                "indelible_retries function=pay subtype=Step": 2,
                "indelible_retries function=pay subtype=WaitForCondition": 1,
            ])
    }

    @Test func `an execution that fails is counted so`() async throws {
        let counts = try await Self.run(RecordingMetrics()) { _ in throw Flaky() }
        #expect(
            counts == [
                "indelible_executions_started function=pay": 1,
                "indelible_executions_ended function=pay outcome=FAILED": 1,
                "indelible_invocations function=pay outcome=FAILED": 1,
            ])
    }

    @Test func `durations are those of the work, and the execution's is that of everything`() async throws {
        let (metrics, clock) = (RecordingMetrics(), ManualClock())
        _ = try await Self.run(metrics, clock) { context in
            try await context.step(execution: .inline) { _ in clock.move(by: .nanoseconds(1_500)) }
            try await context.runInChildContext { context in
                try await context.wait(for: .hours(1))
                try await context.step(execution: .inline) { _ in clock.move(by: .milliseconds(2)) }
            }
        }
        let (first, second): (Int64, Int64) = (1_500, 2_000_000)
        #expect(
            metrics.times == [
                "indelible_attempt_duration function=pay subtype=Step outcome=SUCCEEDED": [first, second],
                "indelible_attempt_duration function=pay subtype=RunInChildContext outcome=INCOMPLETE": [0],
                "indelible_attempt_duration function=pay subtype=RunInChildContext outcome=SUCCEEDED": [second],
                "indelible_invocation_duration function=pay outcome=PENDING": [first],
                "indelible_invocation_duration function=pay outcome=SUCCEEDED": [second],
                "indelible_execution_duration function=pay outcome=SUCCEEDED": [3_600_000_000_000 + second],
            ])
    }

    @Test func `a metric is made once, however often it is used`() async throws {
        let metrics = RecordingMetrics()
        _ = try await Self.run(metrics) { context in
            for _ in 0..<5 { try await context.step { _ in } }
        }
        #expect(Set(metrics.made).count == metrics.made.count)
        #expect(metrics.counts["indelible_operations function=pay subtype=Step status=SUCCEEDED"] == 5)
    }

    @Test func `what runs on every replay is one operation, and its runs are attempts`() async throws {
        let counts = try await Self.run(RecordingMetrics()) { context in
            _ = try await context.runInChildContext(serdes: .bytes) { _ in [UInt8](repeating: 1, count: 300 << 10) }
            try await context.runInVirtualContext { _ in }
            try await context.wait(for: .seconds(1))
        }
        let runs: Int64 = handlersAreParked ? 2 : 4
        #expect(counts["indelible_operations function=pay subtype=RunInChildContext status=SUCCEEDED"] == 1)
        #expect(counts["indelible_attempts function=pay subtype=RunInChildContext outcome=SUCCEEDED"] == runs)
    }
}
