import ExecutionModel
import Testing

@testable import ExecutionEngine

@Suite struct TimerQueueTests {
    /// Waits, callbacks with both timeouts, some answered and some kept open by heartbeats.
    private static func driver(seed: UInt64) throws -> EngineDriver {
        var random = SplitMix64(state: seed)
        let driver = EngineDriver.invoked()
        var updates: [OperationUpdate] = []
        for number in 0..<60 {
            let time = Int64.random(in: 100...130, using: &random)
            updates.append(
                number.isMultiple(of: 3)
                    ? .callback("\(number)", timeout: time, heartbeat: Int64.random(in: 100...130, using: &random))
                    : .wait("\(number)", duration: time))
        }
        try driver.checkpoint(updates)
        driver.finish(.pending)
        for number in stride(from: 0, to: 60, by: 3) {
            switch UInt8.random(in: 0...2, using: &random) {
            case 0: try driver.answer(UInt32(number), .succeed(nil))
            case 1:
                driver.now = driver.now.adding(Milliseconds(1))
                try driver.answer(UInt32(number), .heartbeat)
            default: break
            }
        }
        return driver
    }

    /// The first timer of each row that is due, by looking at all of them.
    private static func due(_ execution: ExecutionState, at now: Timestamp) -> [Timer] {
        let timers = execution.rows.indices.compactMap { index in
            Timer.Kind.allCases.compactMap { kind in
                execution.rows[index].due(kind).map {
                    Timer(due: $0, ordinal: OperationOrdinal(UInt32(index)), kind: kind)
                }
            }.min()
        }
        return timers.filter { $0.due <= now }.sorted()
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `what is due comes in order, as much as is asked for`(seed: UInt64) throws {
        let driver = try Self.driver(seed: seed)
        for milliseconds in stride(from: 0, through: 160, by: 7) {
            let now = driver.now.adding(Milliseconds(Int64(milliseconds)))
            let all = Self.due(driver.execution, at: now)
            for limit in [0, 1, 5, 59, Int.max] {
                let due = driver.execution.timers.due(at: now, driver.execution.rows, limit: limit)
                #expect(due == Array(all.prefix(limit)), "seed \(seed)")
            }
        }
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>)
    func `completed in pieces, what is due gives the same events as at once`(seed: UInt64) throws {
        let driver = try Self.driver(seed: seed)
        let now = driver.now.adding(Milliseconds(200))
        let whole = driver.execution.decideTimers(at: now).events
        var state = driver.execution
        var pieces: [Event] = []
        while true {
            let events = state.decideTimers(at: now, limit: 7).events
            if events.isEmpty { break }
            #expect(events.count <= 7)
            for event in events { state.apply(event, at: now) }
            pieces += events
        }
        #expect(pieces == whole, "seed \(seed)")
        #expect(state.nextDue == nil)
    }

    @Test func `an execution's end waits for what was due before it`() throws {
        let driver = EngineDriver.invoked(timeout: Milliseconds(1_000))
        try driver.checkpoint((0..<5).map { .wait("\($0)", duration: 100) })
        driver.finish(.pending)
        let now = driver.now.adding(Milliseconds(2_000))
        for limit in 1...5 {
            let decision = driver.execution.decideTimers(at: now, limit: limit)
            #expect(decision.events.count == limit)
            #expect(decision.effects.isEmpty)
        }
        let decision = driver.execution.decideTimers(at: now, limit: 6)
        #expect(decision.events.count == 6)
        #expect(decision.effects == [.executionEnded])
    }
}
