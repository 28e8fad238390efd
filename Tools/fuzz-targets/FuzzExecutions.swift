import EngineRuntime
import ExecutionEngine
import ExecutionModel

/// Records that may be anyone's: a kind, two bytes of length, the body. Those of a snapshot, then events that follow it.
/// What is taken must be written again in the same bytes, and be a state that an engine can go on with.
@Sendable func fuzzSnapshot(_ bytes: [UInt8]) {
    var snapshot: [SnapshotRecord] = []
    var events: [Event] = []
    var offset = 0
    while offset + 3 <= bytes.count {
        let kind = bytes[offset]
        let length = min(Int(bytes.load(UInt16.self, at: offset + 1)), bytes.count - offset - 3)
        let body = Array(bytes[offset + 3..<offset + 3 + length])
        offset += 3 + length
        if kind >= 0xC0 {
            snapshot.append(SnapshotRecord(kind: kind, body: body))
        } else if let event = try? Event(kind: kind, decodingBody: body) {
            events.append(event)
        }
    }
    let number = ExecutionNumber(1)
    let delayMax = Limits.embedded.delayMax
    guard var state = try? ExecutionState(snapshot: snapshot, number: number, delayMax: delayMax) else { return }
    require(state.snapshotRecords() == snapshot, "a snapshot of two encodings: \(state)")
    require(
        (try? ExecutionState(snapshot: snapshot, number: number, delayMax: delayMax))?.isRecordEqual(to: state)
            ?? false,
        "two readings of one snapshot")
    _ = state.snapshotByteCountEstimate
    // Between the last two records of an execution, which are one append, it is neither going on nor over.
    func isBetween(_ state: ExecutionState) -> Bool { state.phase == .over && !state.status.isTerminal }
    if !isBetween(state) { state.checkInvariants() }
    var loaded = EngineState(limits: .embedded)
    loaded.install(state)
    takeUp(&loaded)

    var lsn: UInt64 = 1
    for event in events {
        lsn += 1
        let (sequence, isOver) = state.sequence.addingReportingOverflow(1)
        guard !isOver else { break }
        // Times may stand still and go back.
        let time = Timestamp(millisecondsSinceEpoch: Int64(lsn % 3) * 1_000_000)
        let record = RecordedEvent(lsn: lsn, execution: number, sequence: sequence, time: time, event: event)
        guard (try? state.recover(record)) != nil else { continue }
        if !isBetween(state) { state.checkInvariants() }
        let again = state.snapshotRecords()
        require(
            (try? ExecutionState(snapshot: again, number: number, delayMax: delayMax))?.snapshotRecords() == again,
            "a snapshot that is written and not read, after \(event)")
    }
    var recovered = EngineState(limits: .embedded)
    recovered.install(state)
    takeUp(&recovered)
}

/// The value of an execution in a table of the index. It has one encoding.
@Sendable func fuzzIndexEntry(_ bytes: [UInt8]) {
    guard let entry = try? IndexEntry(decoding: bytes) else { return }
    var again: [UInt8] = []
    entry.encode(into: &again)
    require(again == bytes, "an entry of two encodings: \(entry)")
    require(entry.tail.locations.count == entry.tail.count, "frames that the list does not count")
    var total = 0
    entry.forEachNeed { _, byteCount in
        let (sum, isTooLarge) = total.addingReportingOverflow(byteCount)
        require(byteCount >= 0 && !isTooLarge, "more bytes than can be counted: \(entry)")
        total = sum
    }
    _ = entry.wantsSnapshot
}
