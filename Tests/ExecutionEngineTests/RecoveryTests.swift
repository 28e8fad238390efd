import ExecutionModel
import Testing

@testable import ExecutionEngine

/// A log may be anyone's: a record that cannot be is refused by name, and changes nothing.
@Suite struct RecoveryTests {
    static let first = OperationReference.first(OperationStart(id: OperationID("9")))
    static func existing(_ ordinal: UInt32) -> OperationReference { .existing(OperationOrdinal(ordinal)) }

    static let invoke = ChainedInvokeStart(function: "charge", input: nil, target: nil)

    /// An execution with a context (0), an ended step (1), a wait (2), a callback (3) and a chained invoke (4), and an
    /// invocation in flight.
    static func driver() throws -> EngineDriver {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([
            .context("1", .start), .step("2", .start), .step("2", .succeed), .wait("3"), .callback("4"),
            .invoke("5", "charge"),
        ])
        return driver
    }

    static func refusal(_ driver: EngineDriver, _ event: Event, _ change: (inout RecordedEvent) -> Void = { _ in })
        -> RecordError?
    {
        var state = driver.state
        var record = RecordedEvent(
            lsn: UInt64(driver.records.count) + 1, execution: driver.execution.number,
            sequence: driver.execution.sequence + 1, time: driver.now, event: event)
        change(&record)
        do {
            try state.recover(record)
            return nil
        } catch {
            #expect(state.execution(driver.execution.number)?.isRecordEqual(to: driver.execution) == true)
            #expect(!error.description.isEmpty)
            return error
        }
    }

    @Test(
        arguments: [
            (.invocationStarted(requestID: RandomBits(high: 0, low: 0)), .invocationInFlight),
            (.executionHeld(InvocationTests.divergence), .invocationInFlight),
            (.contextStarted(existing(0)), .operationStart(.contextStarted)),
            (.waitStarted(existing(2), duration: Milliseconds(1)), .operationStart(.waitStarted)),
            (.waitSucceeded(first), .operationStart(.waitSucceeded)),
            (.callbackHeartbeat(first), .operationStart(.callbackHeartbeat)),
            (.stepReady(first), .operationStart(.stepReady)),
            (.chainedInvokeStarted(existing(4), invoke), .operationStart(.chainedInvokeStarted)),
            (.chainedInvokeSucceeded(first, result: nil), .operationStart(.chainedInvokeSucceeded)),
            (
                .chainedInvokeStopped(existing(2), error: ErrorObject()),
                .operationType(OperationOrdinal(2), .chainedInvoke)
            ),
            (.callbackSucceeded(existing(4), result: nil), .operationType(OperationOrdinal(4), .callback)),
            (.waitSucceeded(existing(5)), .operationUnknown(OperationOrdinal(5))),
            (.waitSucceeded(existing(3)), .operationType(OperationOrdinal(3), .wait)),
            (.stepStarted(existing(1)), .operationEnded(OperationOrdinal(1))),
            (.stepStarted(.first(OperationStart(id: OperationID("1")))), .operationIDTaken(OperationID("1"))),
            (
                .stepStarted(.first(OperationStart(id: OperationID("9"), parent: OperationOrdinal(1)))),
                .parent(OperationOrdinal(1))
            ),
            (
                .stepStarted(.first(OperationStart(id: OperationID("9"), parent: OperationOrdinal(9)))),
                .parent(OperationOrdinal(9))
            ),
        ] as [(Event, RecordError)])
    func `an event that cannot follow is refused`(event: Event, error: RecordError) throws {
        #expect(Self.refusal(try Self.driver(), event) == error)
    }

    @Test func `a record that is missing, doubled or out of place is refused`() throws {
        let driver = try Self.driver()
        let event = Event.waitSucceeded(Self.existing(2))
        let next = driver.execution.sequence + 1
        #expect(Self.refusal(driver, event) == nil)
        for found in [0, next - 1, next + 1, .max] {
            #expect(
                Self.refusal(driver, event) { $0.sequence = found } == .sequence(expected: next, found: found))
        }
        #expect(Self.refusal(driver, event) { $0.execution = ExecutionNumber(99) } == .executionUnknown)
        let start = try #require(driver.records.first)
        #expect(Self.refusal(driver, start.event) == .numberMismatch(lsn: UInt64(driver.records.count) + 1))
        #expect(Self.refusal(driver, start.event) { $0 = start } == .executionStartedTwice)
        #expect(
            Self.refusal(driver, start.event) { $0.execution = ExecutionNumber($0.lsn) }
                == .sequence(expected: 1, found: next))
    }

    @Test func `nothing but the end of its invocation follows the end of an execution`() throws {
        let driver = try Self.driver()
        _ = try driver.stop()
        for event in [
            .executionSucceeded(result: nil), .executionStopped(error: ErrorObject()), .stepStarted(Self.first),
            .waitSucceeded(Self.existing(2)), .executionHeld(InvocationTests.divergence),
            .invocationStarted(requestID: RandomBits(high: 0, low: 0)),
        ] as [Event] {
            #expect(Self.refusal(driver, event) == .executionEnded)
        }
        #expect(Self.refusal(driver, .invocationCompleted(.ignored(error: nil))) == nil)
        driver.finish(.pending)
        #expect(Self.refusal(driver, .invocationCompleted(.ignored(error: nil))) == .invocationNotInFlight)
    }

    /// Events that are about no operation, by the status that they can follow.
    static let statusEvents: [(Event, [ExecutionStatus])] = [
        (.executionPauseRequested(PauseRequest()), [.running]), (.executionPauseCancelled(reason: nil), [.pausing]),
        (.executionPaused, [.pausing]), (.executionResumed(reason: nil), [.paused]),
        (.executionCancelRequested(reason: nil), [.running, .pausing, .paused]),
        (.executionDeleted, [.succeeded, .failed, .timedOut]), (.retentionTrimmed, [.succeeded, .failed, .timedOut]),
    ]

    @Test(arguments: statusEvents.indices)
    func `an event of the execution follows its statuses alone`(index: Int) throws {
        let (event, statuses) = Self.statusEvents[index]
        for status in ExecutionStatus.allCases where status != .stopped {
            let driver = try PauseCommandTests.driver(status)
            // An ended execution whose invocation is in flight has a refusal of its own.
            if status.isTerminal, driver.execution.isInFlight { driver.finish(.pending) }
            let isDrop = event == .executionDeleted || event == .retentionTrimmed
            let expected: RecordError = status.isTerminal && !isDrop ? .executionEnded : .status(status)
            #expect(Self.refusal(driver, event) == (statuses.contains(status) ? nil : expected), "after \(status)")
        }
    }

    @Test func `a paused execution is not invoked, and an ended one not dropped before its invocation's end`() throws {
        let paused = EngineDriver.started()
        try paused.pause()
        let start = Event.invocationStarted(requestID: RandomBits(high: 0, low: 0))
        #expect(Self.refusal(paused, start) == .status(.paused))
        try paused.resume()
        #expect(Self.refusal(paused, start) == nil)
        let stopped = try PauseCommandTests.driver(.stopped)
        for drop in [.executionDeleted, .retentionTrimmed] as [Event] {
            #expect(Self.refusal(stopped, drop) == .invocationInFlight)
        }
    }

    @Test(arguments: [.executionDeleted, .retentionTrimmed] as [Event])
    func `no record follows that of a drop`(drop: Event) throws {
        let driver = EngineDriver.invoked()
        driver.finish(.succeeded(result: nil))
        var state = driver.state
        let sequence = driver.execution.sequence
        var record = RecordedEvent(
            lsn: UInt64(driver.records.count) + 1, execution: driver.number, sequence: sequence + 1, time: driver.now,
            event: drop)
        try state.recover(record)
        #expect(state.execution(driver.number) == nil)
        record.lsn += 1
        for sequence in [1, sequence + 1, sequence + 2] {
            for event in [drop, .executionCancelRequested(reason: nil), .invocationCompleted(.ignored(error: nil))] {
                record.sequence = sequence
                record.event = event
                #expect(throws: RecordError.executionUnknown) { try state.recover(record) }
            }
        }
        // Its number is the LSN of its start, which is spent; its name is not.
        record.sequence = 1
        record.event = driver.records[0].event
        #expect(throws: RecordError.numberMismatch(lsn: record.lsn)) { try state.recover(record) }
        record.execution = ExecutionNumber(record.lsn)
        try state.recover(record)
        #expect(state.number(function: "pay", name: "order-1") == record.execution)
    }

    /// Random events of random kinds over random ordinals: each is refused, or folded into a sound state.
    @Test(arguments: 1...40)
    func `any events at all are refused or give a sound state`(seed: Int) throws {
        var random = SplitMix64(state: UInt64(seed))
        let driver = EngineDriver.started()
        var state = driver.state
        let number = driver.execution.number
        var projection = HistoryProjection(includesInternal: true)
        _ = try projection.project(driver.records[0])
        for lsn in 2...400 as ClosedRange<UInt64> {
            let count = UInt32(state.execution(number)?.operationCount ?? 0)
            guard let kind = EventKind.allCases.randomElement(using: &random) else { return }
            // A body that is one operation, or one that no kind refuses for want of a field.
            let operation: [UInt8] =
                Bool.random(using: &random)
                ? [UInt8.random(in: 1...UInt8(min(count + 2, 127)), using: &random)]
                : [0, 1, UInt8.random(in: 48...122, using: &random), UInt8.random(in: 0...3, using: &random), 0, 0]
            let tails: [[UInt8]] = [[], [0], [1], [0, 0], [9, 0], [3, 7]]
            let bodies = tails.map { operation + $0 } + [[0], [1], [2], [UInt8](repeating: 1, count: 16)]
            for body in bodies.shuffled(using: &random) {
                guard let event = try? Event(kind: kind.rawValue, decodingBody: body) else { continue }
                let record = RecordedEvent(
                    lsn: lsn, execution: number, sequence: (state.execution(number)?.sequence ?? 0) + 1,
                    time: Timestamp(millisecondsSinceEpoch: driver.now.millisecondsSinceEpoch + Int64(lsn)),
                    event: event)
                guard (try? state.recover(record)) != nil else { continue }
                #expect(try projection.project(record)?.sequence == record.sequence, "seed \(seed)")
                if kind == .executionDeleted || kind == .retentionTrimmed {
                    #expect(state.execution(number) == nil, "seed \(seed)")
                    return
                }
                let execution = try #require(state.execution(number))
                if execution.phase != .over || execution.status.isTerminal { execution.checkInvariants() }
                _ = execution.decideTimers(at: record.time)
                break
            }
        }
    }
}
