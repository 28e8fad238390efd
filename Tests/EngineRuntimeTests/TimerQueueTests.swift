import ExecutionModel
import Testing

@testable import EngineRuntime

@Suite struct TimerQueueTests {
    private func moment(_ milliseconds: Int64) -> Timestamp { Timestamp(millisecondsSinceEpoch: milliseconds) }

    private func popDue(_ queue: inout TimerQueue, at milliseconds: Int64) -> UInt64? {
        queue.popDue(at: moment(milliseconds))?.rawValue
    }

    @Test func `timers come due in the order of their moments, equal ones in the order of their executions`() {
        var queue = TimerQueue()
        for (execution, due) in [(3, 20), (1, 30), (2, 20), (4, 10)] as [(UInt64, Int64)] {
            _ = queue.arm(ExecutionNumber(execution), at: moment(due))
        }
        var order: [UInt64] = []
        while let next = popDue(&queue, at: 30) { order.append(next) }
        #expect(order == [4, 2, 3, 1])
    }

    @Test func `nothing comes due before its moment`() {
        var queue = TimerQueue()
        _ = queue.arm(ExecutionNumber(1), at: moment(10))
        #expect(popDue(&queue, at: 9) == nil)
        #expect(popDue(&queue, at: 10) == 1)
        #expect(popDue(&queue, at: 10) == nil)
    }

    @Test func `arming says whether the earliest moment changed`() {
        var queue = TimerQueue()
        let answers = [(1, 10), (2, 11), (2, 9), (2, 9)].map { execution, due in
            queue.arm(ExecutionNumber(execution), at: moment(due))
        }
        #expect(answers == [true, false, true, false], "the last is armed for that moment already")
    }

    @Test func `timers that never came due leave no more than a few entries behind`() {
        var queue = TimerQueue()
        _ = queue.arm(ExecutionNumber(0), at: moment(5))
        for execution in 1...10_000 as ClosedRange<UInt64> {
            _ = queue.arm(ExecutionNumber(execution), at: moment(1_000_000))
            _ = queue.arm(ExecutionNumber(execution), at: nil)
        }
        #expect(queue.entryCount < 100)
        #expect(popDue(&queue, at: 5) == 0)
        #expect(popDue(&queue, at: 1_000_000) == nil)
    }

    @Test func `a timer that was moved or removed does not come due at its old moment`() {
        var queue = TimerQueue()
        _ = queue.arm(ExecutionNumber(1), at: moment(10))
        _ = queue.arm(ExecutionNumber(2), at: moment(10))
        _ = queue.arm(ExecutionNumber(1), at: moment(50))
        _ = queue.arm(ExecutionNumber(2), at: nil)
        #expect(popDue(&queue, at: 49) == nil)
        #expect(queue.count == 1)
        #expect(popDue(&queue, at: 50) == 1)
        #expect(popDue(&queue, at: 99) == nil, "an execution comes due once")
    }
}
