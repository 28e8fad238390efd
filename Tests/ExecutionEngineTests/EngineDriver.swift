import ExecutionModel
import Testing

@testable import ExecutionEngine

/// An engine's state with a clock, driven as the runtime drives it.
///
/// Beside the state there is one that only sees what was recorded: every event goes through its bytes into it, and after
/// each decision the two must hold the same record. So every test here is a test of recovery too; and of snapshots, since
/// after every event the state is written and read back (``SnapshotChecker``).
final class EngineDriver {
    private(set) var state: EngineState
    private(set) var recovered: EngineState
    private var snapshots = SnapshotChecker()
    private(set) var records: [RecordedEvent] = []
    private(set) var effects: [Effect] = []
    var now = Timestamp(millisecondsSinceEpoch: 1_000_000)
    /// The execution that is driven. A test may turn to another.
    var number = ExecutionNumber(0)

    init(limits: Limits = .embedded, unknownTargets: UnknownTargetPolicy = .wait) {
        state = EngineState(limits: limits, unknownTargets: unknownTargets)
        recovered = EngineState(limits: limits)
    }

    /// With an execution that has started.
    static func started(limits: Limits = .embedded, timeout: Milliseconds? = nil) -> EngineDriver {
        let driver = EngineDriver(limits: limits)
        do {
            _ = try driver.start(timeout: timeout)
        } catch {
            Issue.record(error)
        }
        return driver
    }

    /// With an execution whose first invocation is in flight.
    static func invoked(limits: Limits = .embedded, timeout: Milliseconds? = nil) -> EngineDriver {
        let driver = started(limits: limits, timeout: timeout)
        _ = driver.invoke()
        return driver
    }

    var execution: ExecutionState {
        guard let execution = state.execution(number) else { preconditionFailure("nothing has started") }
        return execution
    }

    var readiness: Readiness { execution.readiness(at: now) }

    /// The types of what was recorded, internal facts included.
    var kinds: [EventKind] { records.map(\.event.eventKind) }

    func start(
        _ name: String = "order-1", function: String = "pay", input: String? = "{}", timeout: Milliseconds? = nil
    ) throws(EngineError) -> StartReply {
        try start(
            ExecutionStart(
                secret: RandomBits(high: 7, low: UInt64(records.count) + 1), function: function, name: name,
                input: input.map { .inline(Array($0.utf8)) }, timeout: timeout))
    }

    func start(_ start: ExecutionStart) throws(EngineError) -> StartReply {
        let next = ExecutionNumber(UInt64(records.count) + 1)
        let decision = try state.decideStart(start, number: next, at: now)
        if decision.reply.isNew { number = next }
        return record(decision)
    }

    func invoke() -> [Operation] {
        record(execution.decideInvocationStart(requestID: RandomBits(high: 1, low: 2), at: now))
        return state.update(number) { $0.deliverAll() } ?? []
    }

    @discardableResult
    func checkpoint(_ updates: [OperationUpdate], token: CheckpointToken? = nil) throws(EngineError) -> [Operation] {
        guard let token = token ?? execution.currentToken else { throw .invalidCheckpointToken }
        let secrets = updates.indices.map { RandomBits(high: 8, low: UInt64(records.count + $0)) }
        record(
            try state.decideCheckpoint(
                token, updates, firstLSN: UInt64(records.count) + 1, secrets: secrets, at: now))
        return state.update(number) { $0.deliverChanges() } ?? []
    }

    func finish(_ outcome: InvocationOutcome, invocation: UInt32? = nil) {
        record(
            execution.decideInvocationEnd(
                invocation: invocation ?? execution.invocationCount, outcome, limits: state.limits, at: now))
    }

    func answer(_ ordinal: UInt32, _ command: CallbackCommand) throws(EngineError) {
        try answer(callbackID(ordinal), command)
    }

    func callbackID(_ ordinal: UInt32) -> CallbackID {
        execution.callbackID(OperationOrdinal(ordinal))
    }

    func answer(_ id: CallbackID, _ command: CallbackCommand) throws(EngineError) {
        record(try execution.decideCallback(id, command, limits: state.limits, at: now))
    }

    func stop(_ error: ErrorObject? = nil) throws(EngineError) -> StopReply {
        record(try execution.decideStop(error, limits: state.limits, at: now))
    }

    func pause(_ request: PauseRequest = PauseRequest()) throws(EngineError) {
        record(try execution.decidePause(request))
    }

    func resume(reason: String? = nil) throws(EngineError) {
        record(try execution.decideResume(reason: reason))
    }

    func cancel(reason: String? = nil) throws(EngineError) {
        record(try execution.decideCancel(reason: reason))
    }

    func hold(_ name: String, reason: String? = nil) throws(EngineError) {
        record(try execution.decideHold(name, reason: reason))
    }

    func release(_ name: String, reason: String? = nil) throws(EngineError) {
        record(try execution.decideRelease(name, reason: reason))
    }

    func delete() throws(EngineError) {
        record(try execution.decideDeletion())
    }

    func register(_ function: String, _ entry: FunctionDirectory.Entry = FunctionDirectory.Entry()) {
        state.functions.register(entry, as: function)
    }

    func fireTimers() {
        record(execution.decideTimers(at: now))
    }

    /// Moves the clock, firing each timer when it is due.
    func advance(by milliseconds: Int64) {
        let end = now.adding(Milliseconds(milliseconds))
        while let due = state.execution(number)?.nextDue, due <= end {
            now = max(now, due)
            let count = records.count
            fireTimers()
            // The end of a back-off is no event: only the execution's readiness changes.
            if records.count == count { break }
        }
        now = end
    }

    @discardableResult
    func record<Reply>(_ decision: Decision<Reply>) -> Reply {
        for child in decision.children { record(.executionStarted(child.start), of: child.number) }
        for event in decision.events { record(event, of: number) }
        effects += decision.effects
        for number in decision.children.map(\.number) + [number] { expectRecovered(number) }
        return decision.reply
    }

    private func expectRecovered(_ number: ExecutionNumber) {
        guard let execution = state.execution(number) else {
            #expect(recovered.execution(number) == nil, "recovery keeps what is dropped")
            return
        }
        execution.checkInvariants()
        #expect(recovered.execution(number)?.isRecordEqual(to: execution) == true, "recovery gives another state")
    }

    private func record(_ event: Event, of number: ExecutionNumber) {
        var body: [UInt8] = []
        event.encodeBody(into: &body)
        records.append(
            RecordedEvent(
                lsn: UInt64(records.count) + 1, execution: number,
                sequence: (state.execution(number)?.sequence ?? 0) + 1, time: now, event: event))
        do {
            var record = records[records.count - 1]
            record.event = try Event(kind: event.kind, decodingBody: body)
            #expect(record.event == event)
            state.apply(event, to: number, at: now)
            try recovered.recover(record)
            snapshots.follow(record, live: state.execution(number), recovered: recovered.execution(number))
        } catch {
            Issue.record(error)
        }
    }
}

extension OperationUpdate {
    static func step(
        _ id: String, _ action: OperationAction, parent: String? = nil, payload: String? = nil,
        error: ErrorObject? = nil, delay: Int64? = nil
    ) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(
                id: OperationID(id), parentID: parent.map { OperationID($0) }, type: .step, subType: "Step"),
            action, payload: payload.map { Array($0.utf8) }, error: error,
            options: delay.map { .step(nextAttemptDelay: Milliseconds($0)) } ?? .none)
    }

    static func wait(_ id: String, _ action: OperationAction = .start, duration: Int64? = 1_000) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(id: OperationID(id), type: .wait, subType: "Wait"), action,
            options: duration.map { .wait(duration: Milliseconds($0)) } ?? .none)
    }

    static func context(
        _ id: String, _ action: OperationAction, parent: String? = nil, payload: String? = nil,
        error: ErrorObject? = nil, replayChildren: Bool? = nil
    ) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(
                id: OperationID(id), parentID: parent.map { OperationID($0) }, type: .context,
                subType: "RunInChildContext"),
            action, payload: payload.map { Array($0.utf8) }, error: error,
            options: replayChildren.map { .context(replayChildren: $0) } ?? .none)
    }

    static func callback(
        _ id: String, _ action: OperationAction = .start, timeout: Int64? = nil, heartbeat: Int64? = nil
    ) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(id: OperationID(id), type: .callback, subType: "Callback"), action,
            options: .callback(
                timeout: timeout.map { Milliseconds($0) }, heartbeatTimeout: heartbeat.map { Milliseconds($0) }))
    }

    static func execution(
        _ action: OperationAction, payload: String? = nil, error: ErrorObject? = nil
    ) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(id: OperationID("execution-result-1"), type: .execution), action,
            payload: payload.map { Array($0.utf8) }, error: error)
    }
}
