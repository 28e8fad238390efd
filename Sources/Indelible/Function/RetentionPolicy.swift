import ExecutionModel

/// For how long executions are kept after their end, by how they ended: the full history, then a summary, then nothing.
///
/// ```swift
/// FunctionOptions(
///     retention: RetentionPolicy(
///         succeeded: .history(for: .days(30), thenSummaryFor: .days(335)),
///         otherwise: .history(for: .days(365), thenSummaryFor: nil)))
/// ```
///
/// Recorded with each execution at its start, so another policy concerns executions that begin later. A hold
/// (``DurableEngine/hold(_:as:reason:)``) keeps an execution for longer.
public struct RetentionPolicy: Sendable, Hashable {
    /// After an execution has succeeded.
    public var succeeded: RetentionPeriod
    /// After it has failed, timed out or been stopped.
    public var otherwise: RetentionPeriod

    public init(succeeded: RetentionPeriod, otherwise: RetentionPeriod) {
        self.succeeded = succeeded
        self.otherwise = otherwise
    }

    /// However it ended.
    public init(_ period: RetentionPeriod) {
        self.init(succeeded: period, otherwise: period)
    }

    /// Nothing is ever trimmed.
    public static let forever = RetentionPolicy(.forever)
}

/// For how long an ended execution is kept.
public struct RetentionPeriod: Sendable, Hashable {
    let period: ExecutionModel.RetentionPeriod

    /// The full history, for ever.
    public static let forever = RetentionPeriod(period: .forever)

    /// The full history for so long after the end; then the execution is forgotten, and its name may be used again.
    ///
    /// - Parameter duration: Above zero, to the millisecond.
    public static func history(for duration: Duration) -> RetentionPeriod {
        precondition(duration > .zero, "a retention must be above zero")
        return RetentionPeriod(period: .history(Milliseconds(duration), thenSummary: Milliseconds(0)))
    }

    /// The full history for so long after the end; then a summary: what ``ExecutionDescription`` says of it, with input and
    /// result, and in its history the start and the end. It still has its name: starting it again finds it. After that the
    /// execution is forgotten.
    ///
    /// - Parameters:
    ///   - duration: Above zero, to the millisecond.
    ///   - summary: After that, above zero. Nil: for ever.
    public static func history(for duration: Duration, thenSummaryFor summary: Duration?) -> RetentionPeriod {
        precondition(duration > .zero && (summary ?? duration) > .zero, "a retention must be above zero")
        return RetentionPeriod(
            period: .history(Milliseconds(duration), thenSummary: summary.map { Milliseconds($0) }))
    }
}

extension RetentionPolicy {
    init(recorded policy: ExecutionModel.RetentionPolicy) {
        self.init(
            succeeded: RetentionPeriod(period: policy.succeeded), otherwise: RetentionPeriod(period: policy.otherwise))
    }
}

extension ExecutionModel.RetentionPolicy {
    init(_ policy: Indelible.RetentionPolicy) {
        self.init(succeeded: policy.succeeded.period, otherwise: policy.otherwise.period)
    }
}
