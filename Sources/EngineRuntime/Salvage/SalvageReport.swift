import ExecutionModel
import LogStorage

/// What a salvage came to.
package struct SalvageReport: Sendable {
    /// The damaged log's id, if any header of it could be read, and the new one's.
    package var oldLogID: LogID?
    package var newLogID: LogID
    /// Every place that is damaged.
    package var problems: [LogDamage]
    /// What the device said where it refuses to be read; then ``problems`` is empty.
    package var deviceError: FileSystemError?
    /// Records that the new log has from the old one, and events that were added.
    package var keptCount = 0
    package var addedCount = 0
    /// Records that were lost though it is known whose they were, and those of which nothing is known.
    package var lostBodyCount = 0
    package var unknown: [Range<LSN>] = []
    /// Records that could be read and are in the side file only, since their execution's history has a hole before them.
    package var leftOutCount = 0
    /// Segments of which nothing could be read.
    package var unreadableSegments: [UInt64] = []
    package var unreadableRewriteSegments: [UInt64] = []
    /// Whether copies of records, from before ``lostCopiesEnd``, may be lost without a trace.
    package var hasLostCopies: Bool { lostCopiesEnd != nil }
    package var lostCopiesEnd: LSN?
    /// Whether records may be missing at the end without a trace.
    package var isOpenEnded = false
    /// Executions in the new log whose history is whole.
    package var wholeCount = 0
    /// Executions whose history is not known to be whole, by number.
    package var damaged: [SalvagedExecution] = []
    /// The LSN after the last record of the old log, and of the new one.
    package var oldNextLSN = LSN.first
    package var nextLSN = LSN.first

    /// Whether the new log is all that the old one was.
    package var isComplete: Bool {
        lostBodyCount == 0 && unknown.isEmpty && unreadableSegments.isEmpty && !isOpenEnded && damaged.isEmpty
            && !hasLostCopies
    }
}

/// An execution of a damaged log that is not known to be whole.
package struct SalvagedExecution: Sendable {
    package enum Standing: String, Sendable {
        /// All that was found of it is in the new log, which holds it paused: its last events may be lost, and run on it
        /// might repeat what they recorded.
        case heldDoubtful
        /// As before, but left to run on, since that was asked for.
        case runningDoubtful
        /// The new log has its history up to the hole, and holds it paused.
        case heldCut
        /// The new log has its history up to the hole, and its end as it was recorded.
        case ended
        /// It is not in the new log: its start is lost.
        case leftOut
    }

    package var number: UInt64
    package var standing: Standing
    /// Nil where the start is lost.
    package var id: ExecutionID?
    package var function: String?
    package var name: String?
    /// Sequences of the events that were found, and of those that are known to be lost, ascending.
    package var found: [ClosedRange<UInt32>] = []
    package var missing: [ClosedRange<UInt32>] = []
}

extension [ClosedRange<UInt32>] {
    /// Adds a number; as a rule the greatest by one.
    mutating func add(_ number: UInt32) {
        guard let last, number <= last.upperBound else {
            if let last, last.upperBound + 1 == number {
                self[count - 1] = last.lowerBound...number
            } else {
                append(number...number)
            }
            return
        }
        guard let place = firstIndex(where: { $0.upperBound >= number }), !self[place].contains(number) else { return }
        insert(number...number, at: place)
        if place + 1 < count, self[place + 1].lowerBound == number + 1 {
            self[place] = number...self[place + 1].upperBound
            remove(at: place + 1)
        }
        if place > 0, self[place - 1].upperBound + 1 == number {
            self[place - 1] = self[place - 1].lowerBound...self[place].upperBound
            remove(at: place)
        }
    }

    /// The numbers from 1 to the greatest of `others` and of these that are not in it.
    func complement(through greatest: UInt32) -> [ClosedRange<UInt32>] {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 1
        for range in self {
            if next < range.lowerBound { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= greatest { gaps.append(next...greatest) }
        return gaps
    }
}
