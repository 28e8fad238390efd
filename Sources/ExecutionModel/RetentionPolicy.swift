/// For how long an execution is kept after its end, by how it ended. Recorded at its start: what was promised is what
/// happens.
package struct RetentionPolicy: Hashable, Sendable {
    package var succeeded: RetentionPeriod
    /// After a failure, a timeout and a stop.
    package var otherwise: RetentionPeriod

    package init(succeeded: RetentionPeriod, otherwise: RetentionPeriod) {
        self.succeeded = succeeded
        self.otherwise = otherwise
    }

    /// The whole for `retention` however it ended, then nothing. Nil: for ever.
    package init(_ retention: Milliseconds?) {
        succeeded = retention.map { .history($0, thenSummary: Milliseconds(0)) } ?? .forever
        otherwise = succeeded
    }

    package static let forever = RetentionPolicy(succeeded: .forever, otherwise: .forever)

    /// Nil: a delay alone cannot say it. Otherwise the delay that ``init(_:)`` makes the same of, nil in turn for ever.
    var simpleForm: Milliseconds?? {
        guard succeeded == otherwise else { return nil }
        switch succeeded {
        case .forever: return .some(nil)
        case .history(let history, thenSummary: Milliseconds(0)): return history
        case .history: return nil
        }
    }
}

/// For how long an ended execution is kept: its full history, then its summary, then nothing.
package enum RetentionPeriod: Hashable, Sendable {
    case forever
    /// Both are 0 or more, and count from the execution's end and from the history's. `thenSummary`: nil for ever; zero for no
    /// summary.
    case history(Milliseconds, thenSummary: Milliseconds?)
}

extension [UInt8] {
    /// The delay of the history, 0 for ever; otherwise that of the summary follows, 0 for ever.
    package mutating func append(retention period: RetentionPeriod) {
        switch period {
        case .forever:
            append(optionalDelay: nil)
        case .history(let history, let summary):
            append(optionalDelay: history)
            append(optionalDelay: summary)
        }
    }

    package mutating func append(retention policy: RetentionPolicy) {
        append(retention: policy.succeeded)
        append(retention: policy.otherwise)
    }
}

extension RawSpan {
    package func retentionPolicy(at offset: inout Int) throws(EventDecodingError) -> RetentionPolicy {
        let succeeded = try retentionPeriod(at: &offset)
        return RetentionPolicy(succeeded: succeeded, otherwise: try retentionPeriod(at: &offset))
    }

    private func retentionPeriod(at offset: inout Int) throws(EventDecodingError) -> RetentionPeriod {
        guard let history = try optionalDelay(.retention, at: &offset) else { return .forever }
        return .history(history, thenSummary: try optionalDelay(.retention, at: &offset))
    }
}
