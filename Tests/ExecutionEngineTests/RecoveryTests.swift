import ExecutionModel
import Testing

@testable import ExecutionEngine

/// A log may be anyone's: a record that cannot be is refused by name, and changes nothing.
@Suite struct RecoveryTests {
    static let first = OperationReference.first(OperationStart(id: OperationID("9")))
    static func existing(_ ordinal: UInt32) -> OperationReference { .existing(OperationOrdinal(ordinal)) }

    /// An execution with a context (0), an ended step (1), a wait (2) and a callback (3), and an invocation in flight.
    static func driver() throws -> EngineDriver {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([
            .context("1", .start), .step("2", .start), .step("2", .succeed), .wait("3"), .callback("4"),
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
            (.waitSucceeded(existing(4)), .operationUnknown(OperationOrdinal(4))),
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
