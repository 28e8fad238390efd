import ExecutionEngine
import ExecutionModel
import Testing

@testable import EngineRuntime

@Suite struct SchedulerTests {
    private func function(_ name: String, limit: Int? = nil) -> FunctionRegistration {
        FunctionRegistration(name: name, concurrencyLimit: limit) { _ in nil }
    }

    /// Takes all that may run now.
    private func started(_ scheduler: inout Scheduler) -> [UInt64] {
        var numbers: [UInt64] = []
        while let next = scheduler.next() { numbers.append(next.execution.rawValue) }
        return numbers
    }

    @Test func `executions of one function start in the order in which they became runnable`() {
        var scheduler = Scheduler(limit: 10)
        scheduler.register(function("pay"))
        for number in [5, 3, 9] as [UInt64] { scheduler.offer(ExecutionNumber(number), of: "pay") }
        #expect(started(&scheduler) == [5, 3, 9])
        #expect(scheduler.runningCount == 3)
    }

    @Test func `an execution that is offered twice starts once`() {
        var scheduler = Scheduler(limit: 10)
        scheduler.register(function("pay"))
        scheduler.offer(ExecutionNumber(1), of: "pay")
        scheduler.offer(ExecutionNumber(1), of: "pay")
        #expect(started(&scheduler) == [1])
    }

    @Test func `the function's limit holds back its own executions only`() {
        var scheduler = Scheduler(limit: 10)
        scheduler.register(function("pay", limit: 1))
        scheduler.register(function("ship"))
        for number in [1, 2] as [UInt64] { scheduler.offer(ExecutionNumber(number), of: "pay") }
        scheduler.offer(ExecutionNumber(3), of: "ship")
        #expect(started(&scheduler) == [1, 3])
        scheduler.release("pay")
        #expect(started(&scheduler) == [2])
    }

    @Test func `the engine's limit lets functions take turns`() {
        var scheduler = Scheduler(limit: 2)
        scheduler.register(function("pay"))
        scheduler.register(function("ship"))
        for number in [1, 2, 3] as [UInt64] { scheduler.offer(ExecutionNumber(number), of: "pay") }
        scheduler.offer(ExecutionNumber(4), of: "ship")
        #expect(started(&scheduler) == [1, 4])
        #expect(scheduler.waitingCount == 2)
        #expect(!scheduler.hasNext)
        scheduler.release("ship")
        #expect(scheduler.hasNext)
        #expect(started(&scheduler) == [2])
    }

    @Test func `what has ended is not kept for a function that never comes`() {
        var scheduler = Scheduler(limit: 10)
        for number in 1...1_000 as ClosedRange<UInt64> {
            scheduler.offer(ExecutionNumber(number), of: "pay")
            scheduler.offer(ExecutionNumber(number + 1_000), of: "ship")
        }
        for number in (1...1_000).reversed() as [UInt64] where number % 100 != 0 {
            scheduler.withdraw(ExecutionNumber(number), of: "pay")
        }
        for number in 1_001...2_000 as ClosedRange<UInt64> { scheduler.withdraw(ExecutionNumber(number), of: "ship") }
        #expect(scheduler.waitingCount == 10)
        #expect(scheduler.queuedCount(of: "pay") <= 20)
        #expect(scheduler.queuedCount(of: "ship") == 0)
        for name in ["pay", "ship"] { scheduler.register(FunctionRegistration(name: name) { _ in nil }) }
        #expect(started(&scheduler) == [100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000])
        #expect(!scheduler.hasNext)
    }

    @Test func `one that is withdrawn and one that is not go by their own`() {
        var scheduler = Scheduler(limit: 1)
        scheduler.register(function("pay"))
        for number in [1, 2, 3, 4] as [UInt64] { scheduler.offer(ExecutionNumber(number), of: "pay") }
        scheduler.withdraw(ExecutionNumber(2), of: "pay")
        scheduler.withdraw(ExecutionNumber(9), of: "pay")
        #expect(started(&scheduler) == [1])
        scheduler.release("pay")
        #expect(started(&scheduler) == [3])
        scheduler.withdraw(ExecutionNumber(4), of: "pay")
        scheduler.release("pay")
        #expect(!scheduler.hasNext)
        #expect(started(&scheduler) == [])
        scheduler.offer(ExecutionNumber(5), of: "pay")
        #expect(started(&scheduler) == [5])
    }

    @Test func `executions wait for their function to be registered`() {
        var scheduler = Scheduler(limit: 10)
        scheduler.offer(ExecutionNumber(1), of: "pay")
        #expect(started(&scheduler) == [])
        scheduler.register(function("pay"))
        #expect(started(&scheduler) == [1])
    }
}
