import EngineRuntime
import ExecutionModel
import Indelible
import IndelibleTesting
import LogStorage
import Testing

/// An execution whose own time is up when its handler makes a durable call: the call's record is the last, and the engine
/// has no rows for the handler any more.
@Suite struct DueTimeoutTests {
    /// Time passes while the handler runs, and no timer fires: the call itself finds the time up.
    private func status(
        _ call: @escaping @Sendable (DurableContext) async throws -> Void
    ) async throws -> Indelible.ExecutionStatus {
        let clock = VirtualClock(now: Timestamp(millisecondsSinceEpoch: 1_767_225_600_000))
        let late = DurableFunction("late", options: FunctionOptions(executionTimeout: .seconds(60))) {
            (context: DurableContext) in
            clock.move(to: clock.now().adding(Milliseconds(61_000)))
            try await call(context)
        }
        let options = EngineOptions(segmentSizes: [256 << 10])
        let engine = try await DurableEngine.open(
            at: "log", functions: [late], options: options, runtimeOptions: RuntimeOptions(options),
            seams: Seams(fileSystem: SimulatedDisk(), clock: clock, seed: 1, runsTimers: false), waits: .realTime)
        let execution = try await engine.start(late)
        await #expect(throws: ExecutionError.self) { try await execution.result() }
        let status = try await execution.status
        try await engine.close()
        return status
    }

    @Test func `a wait`() async throws {
        #expect(try await status { try await $0.wait("wait", for: .seconds(5)) } == .timedOut)
    }

    @Test func `a step at most once, whose body does not run`() async throws {
        #expect(
            try await status { context in
                try await context.step("step", semantics: .atMostOncePerRetry) { _ in Issue.record("the body ran") }
            } == .timedOut)
    }

    @Test func `a callback`() async throws {
        #expect(try await status { _ = try await $0.createCallback(of: String.self) } == .timedOut)
    }
}
