import ExecutionModel

/// That an execution's history has been trimmed: what is left of it looks like no complete one. SPEC.md, "Retention".
package struct HistoryTrim: Hashable, Sendable {
    package var time: Timestamp
    /// The EventId of the execution's end.
    package var endEventID: UInt32

    /// The trim among the records of one execution; nil: there is none.
    package init?(of records: [RecordedEvent]) {
        // It comes after the end, and little follows it.
        for record in records.reversed() {
            guard case .historyTrimmed(let endEventID) = record.event else { continue }
            self.init(time: record.time, endEventID: endEventID)
            return
        }
        return nil
    }

    private init(time: Timestamp, endEventID: UInt32) {
        self.time = time
        self.endEventID = endEventID
    }

    /// Of the records of a trimmed history, those that are still its own. The rest is gone by this rule, whether or not its
    /// bytes have left the disk.
    package static func kept(of records: [RecordedEvent]) -> [RecordedEvent] {
        records.filter(\.event.eventKind.outlivesHistory)
    }
}
