import ExecutionModel
import LogStorage

/// Which executions of a damaged log are whole, as the frames' directories tell: nothing is decoded.
struct SalvageSurvey {
    /// What is known of an execution's history.
    struct Track {
        /// The sequence of the event that comes next.
        var next: UInt32 = 1
        /// The LSN of the last event of the whole part.
        var lastLSN = LSN(0)
        /// An event after the whole part is lost.
        var isCut = false
        /// Its end is in the whole part.
        var hasEnded = false
        /// It was deleted, or its retention was over: nothing of it matters any more.
        var isGone = false
        /// The record of its end, behind the cut.
        var end: LSN?
    }

    private(set) var tracks: [UInt64: Track] = [:]
    /// Records of which nothing is known.
    private(set) var unknown: [Range<LSN>] = []
    /// Records of which the directory is known, and not the body.
    private(set) var lostBodyCount = 0
    private(set) var recordCount = 0

    mutating func take(_ piece: SalvagedPiece) {
        switch piece {
        case .unknown(let lsns): unknown.append(lsns)
        case .frame(let frame): take(frame.entries, from: frame.header.firstLSN, isLost: false)
        case .directory(let header, let entries): take(entries, from: header.firstLSN, isLost: true)
        }
    }

    private mutating func take(_ entries: [RecordBatch.Entry], from first: LSN, isLost: Bool) {
        for (index, entry) in entries.enumerated() where !entry.isLost {
            if isLost { lostBodyCount += 1 } else { recordCount += 1 }
            tracks[entry.execution, default: Track()].take(entry, at: first.advanced(by: index), isLost: isLost)
        }
    }

    /// Whether an open execution may have had events that are lost without a trace: it was open when records were lost of
    /// which nothing is known, and no later event of it shows that none was its own.
    func isDoubtful(_ track: Track, isOpenEnded: Bool) -> Bool {
        guard !track.hasEnded, !track.isCut else { return false }
        return isOpenEnded || unknown.last.map { $0.lowerBound > track.lastLSN } ?? false
    }
}

extension SalvageSurvey.Track {
    mutating func take(_ entry: RecordBatch.Entry, at lsn: LSN, isLost: Bool) {
        let kind = EventKind(rawValue: entry.kind)
        let isStart = kind == .executionStarted || kind == .executionStartedExtended
        let follows = entry.sequence == next && (entry.sequence > 1 || (isStart && entry.execution == lsn.rawValue))
        if kind == .executionDeleted || kind == .retentionTrimmed { isGone = true }
        guard !isCut, follows, !isLost else {
            isCut = true
            if !isLost, kind?.endsExecution ?? false { end = lsn }
            return
        }
        next += 1
        lastLSN = lsn
        if kind?.endsExecution ?? false { hasEnded = true }
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
