import ExecutionModel
import Testing

@testable import ExecutionEngine

/// What is kept of an ended execution: its history, then its summary, then nothing; and for longer while somebody holds it.
@Suite struct RetentionTests {
    static let policy = RetentionPolicy(
        succeeded: .history(Milliseconds(5_000), thenSummary: Milliseconds(3_000)),
        otherwise: .history(Milliseconds(7_000), thenSummary: nil))

    static func driver(_ policy: RetentionPolicy = policy, isPlain: Bool = false) throws -> EngineDriver {
        let driver = EngineDriver()
        _ = try driver.start(
            ExecutionStart(
                secret: RandomBits(high: 5, low: 5), function: "pay", name: "order-1",
                input: .inline(Array("{}".utf8)), retention: policy, isPlain: isPlain))
        _ = driver.invoke()
        return driver
    }

    /// Of a step, a wait and a success; the end has the EventId 6.
    static func succeeded(_ policy: RetentionPolicy = policy) throws -> EngineDriver {
        let driver = try driver(policy)
        try driver.checkpoint([.step("1", .succeed, payload: "1"), .wait("2", duration: 10)])
        driver.advance(by: 10)
        driver.finish(.succeeded(result: [9]))
        return driver
    }

    private func isGone(_ driver: EngineDriver) -> Bool {
        driver.state.execution(driver.number) == nil && driver.state.number(function: "pay", name: "order-1") == nil
    }

    private func refusal(_ body: () throws(EngineError) -> Void) -> EngineError? {
        do { try body() } catch { return error }
        return nil
    }

    @Test func `the history goes first, then its summary, each when its time is over and not before`() throws {
        let driver = try Self.succeeded()
        let end = driver.now
        #expect(driver.execution.nextDue == end.adding(Milliseconds(5_000)))
        driver.advance(by: 4_999)
        driver.fireTimers()
        #expect(driver.kinds.last == .executionSucceeded && !driver.execution.isHistoryTrimmed)
        driver.advance(by: 1)
        #expect(driver.records.last?.event == .historyTrimmed(endEventID: 6))
        #expect(driver.execution.historyTrimTime == end.adding(Milliseconds(5_000)))
        #expect(driver.execution.result == .inline([9]) && driver.execution.start.input == .inline(Array("{}".utf8)))
        #expect(driver.execution.endTime == end && driver.execution.status == .succeeded)
        #expect(driver.execution.nextDue == end.adding(Milliseconds(8_000)))
        #expect(try !driver.start("order-1").isNew, "it still has its name")
        driver.advance(by: 2_999)
        driver.fireTimers()
        #expect(driver.kinds.last == .historyTrimmed, "once")
        driver.advance(by: 1)
        #expect(driver.kinds.last == .retentionTrimmed)
        #expect(isGone(driver))
    }

    @Test(arguments: [.failed, .timedOut, .stopped] as [ExecutionStatus])
    func `one that did not succeed is kept as its function says of those`(status: ExecutionStatus) throws {
        let driver = EngineDriver()
        _ = try driver.start(
            ExecutionStart(
                secret: RandomBits(high: 5, low: 5), function: "pay", name: "order-1", input: nil,
                timeout: Milliseconds(1_000), retention: Self.policy))
        _ = driver.invoke()
        switch status {
        case .failed: driver.finish(.failed(nil))
        case .timedOut: driver.advance(by: 1_000)
        default: _ = try driver.stop()
        }
        #expect(driver.execution.status == status)
        if driver.execution.isInFlight {
            driver.advance(by: 1 << 30)
            driver.fireTimers()
            #expect(!driver.execution.isHistoryTrimmed, "not while the end of its invocation is owed")
            driver.finish(.pending)
        }
        let end = try #require(driver.execution.endTime)
        #expect(driver.execution.nextDue == end.adding(Milliseconds(7_000)))
        driver.advance(by: 7_000)
        #expect(driver.kinds.last == .historyTrimmed)
        #expect(driver.execution.nextDue == nil, "its summary is kept for ever")
        driver.advance(by: 1 << 40)
        driver.fireTimers()
        #expect(driver.kinds.last == .historyTrimmed)
        try driver.delete()
        #expect(isGone(driver))
    }

    @Test func `what is over in both is dropped at once`() throws {
        let driver = try Self.succeeded()
        driver.now = driver.now.adding(Milliseconds(8_000))
        driver.fireTimers()
        #expect(driver.kinds.suffix(2) == [.executionSucceeded, .retentionTrimmed])
        #expect(isGone(driver))
    }

    @Test func `times without end never come`() throws {
        let long = Milliseconds(.max)
        let driver = try Self.succeeded(
            RetentionPolicy(succeeded: .history(long, thenSummary: long), otherwise: .forever))
        driver.now = Timestamp(millisecondsSinceEpoch: .max - 1)
        driver.fireTimers()
        #expect(driver.kinds.last == .executionSucceeded)
    }

    // MARK: Holds

    @Test func `nothing is trimmed while somebody holds it, and all that is due once nobody does`() throws {
        let driver = try Self.driver()
        try driver.hold("case-1", reason: "fraud")
        driver.finish(.succeeded(result: nil))
        let end = driver.now
        try driver.hold("case-2")
        #expect(driver.execution.retentionHolds.map(\.name) == ["case-1", "case-2"])
        #expect(driver.execution.nextDue == nil)
        driver.advance(by: 6_000)
        driver.fireTimers()
        try driver.release("case-1", reason: "settled")
        driver.fireTimers()
        #expect(driver.kinds.last == .retentionReleased)
        try driver.release("case-2")
        driver.fireTimers()
        #expect(driver.kinds.last == .historyTrimmed)
        #expect(driver.execution.nextDue == end.adding(Milliseconds(8_000)), "a late trim puts nothing off")
        // A summary is held as well.
        try driver.hold("case-3")
        driver.advance(by: 1 << 40)
        driver.fireTimers()
        #expect(driver.execution.isHistoryTrimmed)
        try driver.release("case-3")
        driver.fireTimers()
        #expect(driver.kinds.last == .retentionTrimmed)
        #expect(isGone(driver))
    }

    @Test func `what is held is not deleted, and who asks is told who holds it`() throws {
        let driver = try Self.succeeded()
        try driver.hold("case-1", reason: "fraud")
        try driver.hold("case-2")
        let count = driver.records.count
        #expect(
            refusal { () throws(EngineError) in try driver.delete() }
                == EngineError(
                    .resourceConflict,
                    "Cannot delete an execution that is held by 'case-1' (fraud), 'case-2': release every hold first."))
        #expect(driver.records.count == count)
        try driver.release("case-1")
        try driver.release("case-2")
        try driver.delete()
        #expect(isGone(driver))
    }

    @Test func `the same hold again is none, and another of its name is refused`() throws {
        let driver = try Self.driver()
        try driver.hold("case-1", reason: "fraud")
        let count = driver.records.count
        try driver.hold("case-1", reason: "fraud")
        for reason in [nil, "theft"] {
            let error = refusal { () throws(EngineError) in try driver.hold("case-1", reason: reason) }
            #expect(error?.code == .resourceConflict)
            #expect(error?.message.contains("held by 'case-1' (fraud) already") ?? false)
        }
        #expect(driver.records.count == count)
        #expect(
            refusal { () throws(EngineError) in try driver.release("case-2") }
                == EngineError(.resourceConflict, "The execution is not held by 'case-2', but by 'case-1' (fraud)."))
        try driver.release("case-1")
        #expect(
            refusal { () throws(EngineError) in try driver.release("case-1") }
                == EngineError(.resourceConflict, "The execution is not held by 'case-1', but by nobody."))
        try driver.hold("case-1")
        #expect(driver.execution.retentionHolds.map(\.reason) == [nil], "a name that is released is free")
    }

    @Test(arguments: ["", "a b", "ö", String(repeating: "a", count: 65)])
    func `a name of a hold is an identifier`(name: String) throws {
        let driver = try Self.driver()
        #expect(refusal { () throws(EngineError) in try driver.hold(name) }?.code == .invalidParameterValue)
        #expect(refusal { () throws(EngineError) in try driver.release(name) }?.code == .invalidParameterValue)
    }

    @Test func `holds have limits, and a plain function's call none of them`() throws {
        let driver = try Self.driver()
        for number in 1...Limits.holdCountMax { try driver.hold("case-\(number)") }
        #expect(
            refusal { () throws(EngineError) in try driver.hold("one-more") }
                == EngineError(.resourceConflict, "An execution may be held by at most 64 at a time."))
        try driver.hold("case-7")
        let long = String(repeating: "a", count: Limits.reasonLengthMax + 1)
        #expect(
            refusal { () throws(EngineError) in try driver.hold("b", reason: long) }?.code == .invalidParameterValue)
        let plain = try Self.driver(isPlain: true)
        #expect(refusal { () throws(EngineError) in try plain.hold("a") }?.code == .resourceConflict)
    }

    @Test func `a hold is no news for the handler`() throws {
        let driver = try Self.driver()
        try driver.checkpoint([.callback("1")])
        driver.finish(.pending)
        try driver.hold("case-1")
        #expect(driver.readiness == .waiting && !driver.execution.hasUnseenChanges)
        try driver.release("case-1")
        #expect(driver.readiness == .waiting)
    }

    // MARK: Histories

    /// What is left, with the ids that it had; whatever else the records still hold.
    @Test func `a trimmed history is its start and its end, and says that it is trimmed`() throws {
        let driver = try Self.succeeded()
        try driver.hold("case-1", reason: "fraud")
        try driver.release("case-1")
        let full = try HistoryProjection.history(of: driver.records)
        driver.advance(by: 5_000)
        try driver.hold("case-2")
        let trim = try #require(HistoryTrim(of: driver.records))
        #expect(trim.time == driver.now && trim.endEventID == 6)
        let kept = HistoryTrim.kept(of: driver.records)
        #expect(kept.count < driver.records.count)
        for records in [driver.records, kept] {
            let shown = try HistoryProjection.history(of: records)
            #expect(shown == [full[0], full[5]])
            #expect(shown.map(\.eventID) == [1, 6])
            let whole = try HistoryProjection.history(of: records, includesInternal: true)
            #expect(
                whole.map(\.typeName) == [
                    "ExecutionStarted", "ExecutionSucceeded", "RetentionHeld", "RetentionReleased", "HistoryTrimmed",
                    "RetentionHeld",
                ])
        }
        #expect(HistoryTrim(of: Array(driver.records.dropLast(2))) == nil)
    }

    @Test func `a trimmed history that lacks what must be left is refused`() throws {
        let driver = try Self.succeeded()
        driver.advance(by: 5_000)
        try driver.hold("case-1")
        try driver.hold("case-2")
        let kept = HistoryTrim.kept(of: driver.records)
        #expect(
            kept.map(\.event.eventKind) == [
                .executionStartedWithPolicy, .executionSucceeded, .historyTrimmed, .retentionHeld, .retentionHeld,
            ])
        for missing in 0...3 {
            var records = kept
            records.remove(at: missing)
            // Without the record that says so it is a history with a gap.
            #expect(throws: RecordError.self, "without \(missing)") { try HistoryProjection.history(of: records) }
        }
        #expect(throws: RecordError.self) { try HistoryProjection.history(of: kept + [kept[4]]) }
        #expect(throws: RecordError.self) { try HistoryProjection.history(of: [kept[0], kept[1], kept[1], kept[2]]) }
    }

    // MARK: Records of others

    @Test func `a record of retention that cannot be is refused`() throws {
        let running = try Self.driver()
        let trim = Event.historyTrimmed(endEventID: 2)
        #expect(RecoveryTests.refusal(running, trim) == .status(.running))
        _ = try running.stop()
        #expect(RecoveryTests.refusal(running, trim) == .invocationInFlight)
        running.finish(.pending)
        #expect(RecoveryTests.refusal(running, trim) == nil)
        #expect(
            RecoveryTests.refusal(running, .historyTrimmed(endEventID: 3)) == .eventID(expected: 2, found: 3),
            "what follows the end is not counted")
        running.advance(by: 7_000)
        #expect(running.kinds.last == .historyTrimmed)
        #expect(RecoveryTests.refusal(running, trim) == .historyTrimmed)

        let held = try Self.succeeded()
        try held.hold("case-1")
        for event in [.historyTrimmed(endEventID: 6), .retentionTrimmed, .executionDeleted] as [Event] {
            #expect(RecoveryTests.refusal(held, event) == .held(by: "case-1"))
        }
        #expect(RecoveryTests.refusal(held, .retentionHeld(name: "case-1", reason: nil)) == .holdTaken("case-1"))
        #expect(RecoveryTests.refusal(held, .retentionReleased(name: "case-2", reason: nil)) == .holdUnknown("case-2"))
        let plain = try Self.driver(isPlain: true)
        #expect(RecoveryTests.refusal(plain, .retentionHeld(name: "a", reason: nil)) == .plainFunction)
    }

    /// The kind alone says what goes.
    @Test func `start, end and what was said of its retention outlive a history`() {
        let left = EventKind.allCases.filter(\.outlivesHistory)
        #expect(
            left == [
                .executionStarted, .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped,
                .executionStartedExtended, .executionDeleted, .executionStartedWithPolicy, .retentionTrimmed,
                .historyTrimmed, .retentionHeld, .retentionReleased,
            ])
    }
}
