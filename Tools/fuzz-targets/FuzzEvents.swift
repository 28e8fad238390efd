import ExecutionEngine
import ExecutionModel

/// The kind, then the body. An event has one encoding, so what decodes must be it.
@Sendable func fuzzEvent(_ bytes: [UInt8]) {
    guard let kind = bytes.first else { return }
    let body = Array(bytes[1...])
    guard let event = try? Event(kind: kind, decodingBody: body) else { return }
    var again: [UInt8] = []
    event.encodeBody(into: &again)
    require(event.kind == kind && again == body, "an event of two encodings: \(event)")
}

/// Records of a log that may be anyone's: which of the executions so far it is about, its kind, two bytes of length, its
/// body. Recovery refuses what cannot follow, and what it takes must be a state that an engine can open with.
@Sendable func fuzzRecovery(_ bytes: [UInt8]) {
    var engine = EngineState(limits: .embedded)
    var numbers: [UInt64] = []
    var sequences: [UInt64: UInt32] = [:]
    var offset = 0
    var lsn: UInt64 = 0
    while offset + 4 <= bytes.count {
        let length = min(Int(bytes[offset + 2]) | Int(bytes[offset + 3]) << 8, bytes.count - offset - 4)
        let body = Array(bytes[offset + 4..<offset + 4 + length])
        let place = Int(bytes[offset])
        defer { offset += 4 + length }
        guard let event = try? Event(kind: bytes[offset + 1], decodingBody: body) else { continue }
        lsn += 1
        var number = numbers.isEmpty ? lsn : numbers[place % numbers.count]
        if case .executionStarted = event { number = lsn }
        let record = RecordedEvent(
            lsn: lsn, execution: ExecutionNumber(number), sequence: sequences[number, default: 0] + 1,
            // Times may stand still and go back.
            time: Timestamp(millisecondsSinceEpoch: Int64(place) * 1_000), event: event)
        guard (try? engine.recover(record)) != nil else { continue }
        if number == lsn { numbers.append(number) }
        sequences[number] = record.sequence
    }
    takeUp(&engine)
}

/// What an engine does first with what it has recovered.
func takeUp(_ engine: inout EngineState) {
    for execution in Array(engine.all) {
        let number = execution.number
        let now = max(execution.lastEventTime, Timestamp(millisecondsSinceEpoch: 0))
        _ = (execution.readiness(at: now), execution.nextDue, execution.operations, execution.currentToken)
        guard execution.isInFlight else { continue }
        let end = execution.decideInvocationEnd(
            invocation: execution.invocationCount, .interrupted, limits: engine.limits, at: now)
        for event in end.events { engine.apply(event, to: number, at: now) }
        require(engine.execution(number)?.isInFlight == false, "an invocation that recovery cannot end")
    }
}

extension ExecutionState {
    fileprivate var lastEventTime: Timestamp { endTime ?? startTime }
}

/// Ids and names in text: each has one spelling.
@Sendable func fuzzNames(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    func check(_ value: (some CustomStringConvertible)?) {
        guard let value else { return }
        require(Array(value.description.utf8) == bytes, "'\(text)' is read as '\(value)'")
    }
    check(ExecutionID(text))
    check(CallbackID(text))
    check(CheckpointToken(text))
    check(ExecutionARN(text))
    check(RandomBits(text))
    _ = FunctionReference(text)
}
