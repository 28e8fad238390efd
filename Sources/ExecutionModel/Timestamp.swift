/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z: the resolution of everything the log records.
package struct Timestamp: Comparable, Hashable, Sendable {
    package var millisecondsSinceEpoch: Int64

    package init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    /// The moment `milliseconds` later. Saturates: a wait of 10^18 ms is for ever, not a crash.
    package func adding(_ milliseconds: Milliseconds) -> Timestamp {
        let (sum, overflow) = millisecondsSinceEpoch.addingReportingOverflow(milliseconds.rawValue)
        return Timestamp(millisecondsSinceEpoch: overflow ? .max : sum)
    }

    /// The time from `earlier` to this moment; negative when `earlier` is later.
    package func since(_ earlier: Timestamp) -> Milliseconds {
        Milliseconds(millisecondsSinceEpoch &- earlier.millisecondsSinceEpoch)
    }
}

/// A length of time as the log records it.
package struct Milliseconds: Comparable, Hashable, Sendable {
    package var rawValue: Int64

    package init(_ rawValue: Int64) {
        self.rawValue = rawValue
    }

    /// Rounds up, so that a recorded wait is never shorter than the one asked for.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (milliseconds, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000)
        let fraction = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        let (sum, isSumTooLong) = milliseconds.addingReportingOverflow(fraction)
        self.rawValue = isTooLong || isSumTooLong ? (seconds < 0 ? .min : .max) : sum
    }

    package static func < (left: Milliseconds, right: Milliseconds) -> Bool {
        left.rawValue < right.rawValue
    }

    package var duration: Duration { .milliseconds(rawValue) }
}
