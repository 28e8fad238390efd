import ExecutionModel

/// Computes the delay between two attempts, with its bound, its jitter and its rounding.
struct RetryDelay: Sendable {
    private let initial: Int64
    private let increment: Int64
    private let max: Int64
    private let jitter: RetryPolicy.Jitter
    /// What delays are rounded up to a multiple of, and their least value: a second, or a millisecond.
    private let unit: Int64

    init(initial: Duration, increment: Duration = .zero, max: Duration, jitter: RetryPolicy.Jitter) {
        precondition(initial > .zero && max > .zero, "a retry policy's delays must be above zero")
        precondition(increment >= .zero, "a retry policy's increment must not be negative")
        self.initial = Milliseconds(initial).rawValue
        self.increment = Milliseconds(increment).rawValue
        self.max = Milliseconds(max).rawValue
        self.jitter = jitter
        let areWholeSeconds = [self.initial, self.increment, self.max].allSatisfy { $0 % 1_000 == 0 }
        unit = areWholeSeconds ? 1_000 : 1
    }

    /// `min(initial × factor + increment × increments, max)`, with jitter, rounded up.
    func milliseconds(factor: Double, increments: Int = 0, random: Double) -> Int64 {
        let exact = Swift.min(Double(initial) * factor + Double(increment) * Double(increments), Double(max))
        let spread =
            switch jitter {
            case .none: exact
            case .full: exact * random
            case .half: exact / 2 + exact / 2 * random
            }
        // 2^62 ms is 146 million years: what is longer has no meaning and must not trap.
        let units = Int64(Swift.min((spread / Double(unit)).rounded(.up), 0x1p62 / Double(unit)))
        return Swift.max(units, 1) * unit
    }
}
