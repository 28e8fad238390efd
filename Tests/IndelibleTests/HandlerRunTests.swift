import ExecutionModel
import IndelibleTesting
import Logging
import Synchronization
import Testing

@testable import Indelible

/// What no handler can bring about at will.
@Suite(.bothWays) struct HandlerRunTests {
    /// Watches runs without holding them.
    final class Runs: Sendable {
        private struct Entry {
            weak var run: HandlerRun?
        }

        private let entries = Mutex<[Entry]>([])

        func note(_ context: DurableContext) {
            let run = context.run
            entries.withLock { $0.append(Entry(run: run)) }
        }

        var count: Int { entries.withLock { $0.count } }
        var aliveCount: Int { entries.withLock { $0.count { $0.run != nil } } }
    }

    @Test func `a run ends with its handler, or with what it was kept for, however that ends`() async throws {
        let runs = Runs()
        let function = DurableFunction("leak") { (number: Int, context: DurableContext) in
            runs.note(context)
            context.logger.debug("a logger holds the run")
            _ = try await context.parallel(completion: .firstSuccessful) {
                DurableBranch("one") { branch in
                    try await branch.step(retry: .none) { step in
                        step.logger.debug("so does a step's")
                        if number > 1 { throw Flaky() }
                        return 1
                    }
                }
                DurableBranch("two") { branch in
                    let callback = try await branch.createCallback(of: Int.self, timeout: .hours(number))
                    return try await branch.runInVirtualContext { _ in number } + callback.result()
                }
            }
            try await context.step(timeout: .hours(1)) { _ in }
            if number == 2 { throw Flaky() }
        }
        let options = EngineOptions(segmentSizes: [256 << 10], parkedHandlersMax: 64)
        let test = try await TestEngine(functions: [function], options: options)
        for number in 1...6 {
            let execution = try await test.engine.start(function, input: number)
            await test.settle()
            if number == 3 { try await execution.stop() }
            if number == 4 { try await execution.cancel() }
            if number == 5 { try await test.restart() }
        }
        await test.advance(by: .hours(7))
        #expect(try await test.engine.executions(status: .running).isEmpty)
        for _ in 0..<10_000 where runs.aliveCount > 0 { await Task.yield() }
        #expect(runs.aliveCount == 0, "of \(runs.count)")
        #expect(runs.count >= 6)
    }

    @Test func `who begins to wait looks again when others were told meanwhile that the execution is to end`()
        async throws
    {
        let function = DurableFunction("look") { (context: DurableContext) in
            let callback = try await context.createCallback(of: Int.self)
            do {
                return try await callback.result()
            } catch is ExecutionCancelledError {
                // As a branch that had looked just before the other one was told.
                try await context.run.awaitChange(of: OperationID("1"), on: context.strand, knowsOfCancel: false)
                return -1
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        #expect(try await execution.result(timeout: .hours(1)) == -1)
    }

    @Test func `a branch that one begins which is cut off already is counted neither then nor later`() async throws {
        let function = DurableFunction("count") { (context: DurableContext) in
            let (run, gate) = (context.run, Gate())
            func activeCount() -> Int { run.state.withLock { $0.activeCount } }
            func begin(of parent: Strand) -> Strand {
                run.startBranch(
                    0, of: parent, context: nil, isEnding: false, telling: Mailbox(owner: parent)
                ) { _ in
                    await gate.pass()
                    return nil
                }
            }
            let before = activeCount()
            let branch = begin(of: context.strand)
            var counts = [activeCount() - before]
            await run.orphan([branch])
            counts.append(activeCount() - before)
            let inner = begin(of: branch)
            counts.append(activeCount() - before)
            await run.orphan([inner])
            counts.append(activeCount() - before)
            gate.open()
            return counts
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == [1, 0, 0, 0])
    }

    @Test func `a run that is over is not kept`() async throws {
        final class Kept: Sendable {
            let run = Mutex<HandlerRun?>(nil)
        }
        let kept = Kept()
        let function = DurableFunction("over") { (context: DurableContext) in
            let run = context.run
            kept.run.withLock { $0 = run }
        }
        let test = try await TestEngine(functions: [function])
        try await test.engine.start(function).result()
        let run = try #require(kept.run.withLock { $0 })
        while !run.isOver { await Task.yield() }
        let cache = RunCache(capacity: 8)
        ParkingSpace(cache: cache, execution: ExecutionNumber(1), registrationCount: 1) { _, _ in nil }.park(run)
        #expect(cache.count == 0)
    }
}
