import ExecutionEngine
import ExecutionModel
import LogStorage

/// Which executions of a damaged log are whole, as the frames' directories tell: nothing is decoded but the snapshots of
/// trimmed histories, which stand for events that are gone.
struct SalvageSurvey {
    private(set) var tracks: [UInt64: SalvageTrack] = [:]
    /// Records of which nothing is known.
    private(set) var unknown: [Range<LSN>] = []
    /// Records of which the directory is known, and not the body.
    private(set) var lostBodyCount = 0
    private(set) var recordCount = 0
    private var snapshot = SnapshotInReading()

    mutating func take(_ piece: SalvagedPiece) {
        switch piece {
        case .unknown(let lsns): unknown.append(lsns)
        case .dropped: break
        case .frame(let frame):
            for (index, entry) in frame.entries.enumerated() { take(entry, at: frame.lsn(at: index), isLost: false) }
        case .directory(let header, let entries):
            for (index, entry) in entries.enumerated() {
                take(entry, at: header.firstLSN.advanced(by: index), isLost: true)
            }
        }
    }

    /// A frame of a rewrite segment.
    mutating func takeCopy(_ piece: SalvagedPiece) {
        guard case .frame(let frame) = piece else {
            endSnapshot()
            return take(piece)
        }
        var start = 0
        for (index, entry) in frame.entries.enumerated() {
            defer { start += entry.length }
            guard entry.kind >= SnapshotRecord.kindMin else {
                endSnapshot()
                take(entry, at: frame.lsn(at: index), isLost: false)
                continue
            }
            if !snapshot.continues(with: entry) { endSnapshot() }
            snapshot.add(entry, Array(frame.bodies[start..<start + entry.length]))
        }
    }

    mutating func endSnapshot() {
        guard let (number, sequence) = snapshot.end() else { return }
        tracks[number, default: SalvageTrack()].takeSnapshot(sequence)
    }

    private mutating func take(_ entry: RecordBatch.Entry, at lsn: LSN, isLost: Bool) {
        guard !entry.isLost, entry.kind < SnapshotRecord.kindMin else { return }
        if isLost { lostBodyCount += 1 } else { recordCount += 1 }
        tracks[entry.execution, default: SalvageTrack()].take(entry, at: lsn, isLost: isLost)
    }

    /// Whether an open execution may have had events that are lost without a trace: it was open when records were lost of
    /// which nothing is known, and no later event of it shows that none was its own.
    func isDoubtful(_ track: SalvageTrack, _ end: SalvageSource.End) -> Bool {
        guard !track.hasEnded, !track.isCut else { return false }
        if let lost = end.lostCopiesEnd, track.lastLSN < lost { return true }
        return end.isOpenEnded || unknown.last.map { $0.lowerBound > track.lastLSN } ?? false
    }
}

/// What is known of an execution's history.
struct SalvageTrack {
    /// The sequence after the last event of the whole part.
    private(set) var next: UInt32 = 1
    /// The LSN of the last event that was found.
    private(set) var lastLSN = LSN(0)
    /// It was deleted, or its retention was over: nothing of it matters any more.
    private(set) var isGone = false
    /// Of a trimmed history, the last event that a snapshot covers which was found whole; 0: there is none.
    private(set) var snapshot: UInt32 = 0
    /// Events that were found behind the whole part.
    private var later: [ClosedRange<UInt32>] = []
    /// Of the last event that is known to have been.
    private var greatest: UInt32 = 0
    private var endSequence: UInt32 = 0
    private var endLSN = LSN(0)

    /// No event is known: a snapshot may outlast its execution.
    var isEmpty: Bool { greatest == 0 }

    /// Whether a snapshot and the events after it are all there, and the start and the end, whose payloads it has not.
    private var isCovered: Bool {
        guard snapshot > 0, snapshot >= next - 1, next > 1, endSequence > 0 else { return false }
        return snapshot >= greatest
            || later.contains { $0.lowerBound <= snapshot + 1 && $0.upperBound >= greatest }
    }

    /// An event after the whole part is lost.
    var isCut: Bool { next <= greatest && !isCovered }

    /// Its end is in the whole part.
    var hasEnded: Bool { endSequence > 0 && (endSequence < next || isCovered) }

    /// The record of its end, behind the cut.
    var end: LSN? { isCut && endSequence >= next ? endLSN : nil }

    /// Whether the new log has the event.
    func keeps(_ sequence: UInt32) -> Bool { !isCut ? true : !isGone && sequence < next }

    mutating func take(_ entry: RecordBatch.Entry, at lsn: LSN, isLost: Bool) {
        let kind = EventKind(rawValue: entry.kind)
        greatest = max(greatest, entry.sequence, 1)
        if kind == .executionDeleted || kind == .retentionTrimmed { isGone = true }
        if isLost { return }
        if kind?.endsExecution ?? false { (endSequence, endLSN) = (entry.sequence, lsn) }
        // No event of this execution, whatever it is.
        if entry.sequence <= 1, !(kind?.isStart ?? false) || entry.execution != lsn.rawValue { return }
        lastLSN = max(lastLSN, lsn)
        if entry.sequence > next { return later.add(entry.sequence) }
        guard entry.sequence == next else { return }
        next += 1
        while let first = later.first, first.lowerBound <= next {
            next = max(next, first.upperBound + 1)
            later.removeFirst()
        }
    }

    mutating func takeSnapshot(_ sequence: UInt32) { snapshot = max(snapshot, sequence) }
}

/// The records of one snapshot, as they come.
private struct SnapshotInReading {
    private var first: RecordBatch.Entry?
    private var records: [SnapshotRecord] = []

    func continues(with entry: RecordBatch.Entry) -> Bool {
        first.map { $0.execution == entry.execution && $0.sequence == entry.sequence } ?? true
    }

    mutating func add(_ entry: RecordBatch.Entry, _ body: [UInt8]) {
        first = first ?? entry
        records.append(SnapshotRecord(kind: entry.kind, body: body))
    }

    /// - Returns: Of which execution it was, and what it covers, if it is one of a trimmed history, and whole.
    mutating func end() -> (number: UInt64, sequence: UInt32)? {
        defer { self = SnapshotInReading() }
        guard let first else { return nil }
        do throws(SnapshotError) {
            let state = try ExecutionState(
                snapshot: records, number: ExecutionNumber(first.execution), delayMax: Limits.embedded.delayMax)
            guard state.isHistoryTrimmed, state.sequence == first.sequence else { return nil }
            return (first.execution, first.sequence)
        } catch {
            // One of which frames are lost. The events say as much, but of a trimmed history.
            return nil
        }
    }
}

extension EventKind {
    /// Whether an event of the kind is an execution's last but for what tidies up.
    var endsExecution: Bool {
        switch self {
        case .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped: true
        default: false
        }
    }
}
