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

    @Test func `executions wait for their function to be registered`() {
        var scheduler = Scheduler(limit: 10)
        scheduler.offer(ExecutionNumber(1), of: "pay")
        #expect(started(&scheduler) == [])
        scheduler.register(function("pay"))
        #expect(started(&scheduler) == [1])
    }
}
