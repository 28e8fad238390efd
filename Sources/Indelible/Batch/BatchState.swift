/// Decides which items of a batch start and when it is over. It knows counts and statuses, and does nothing.
struct BatchState {
    let total: Int
    private let completion: BatchCompletion
    private let concurrencyLimit: Int
    private(set) var statuses: [BatchItemStatus?]
    private(set) var successCount = 0
    private(set) var failureCount = 0
    private var startedCount = 0
    /// Why the batch is over; never changes once it is there.
    private(set) var reason: BatchCompletionReason?

    init(total: Int, completion: BatchCompletion, concurrencyLimit: Int?) {
        self.total = total
        self.completion = completion
        self.concurrencyLimit = concurrencyLimit ?? .max
        statuses = Array(repeating: nil, count: total)
        decide()
    }

    /// Items that have started and not ended.
    private var inFlight: Int { startedCount - successCount - failureCount }

    /// Takes the next item that may start, in order.
    mutating func startNext() -> Int? {
        guard reason == nil, startedCount < total, inFlight < concurrencyLimit else { return nil }
        let index = startedCount
        statuses[index] = .started
        startedCount += 1
        if case .custom = completion.rule { decide() }
        return index
    }

    /// An item has ended. Once the batch is over, only its status is noted.
    mutating func end(_ index: Int, succeeded: Bool) {
        precondition(statuses[index] == .started, "item \(index) of a batch ended that was not running")
        statuses[index] = succeeded ? .succeeded : .failed
        if succeeded { successCount += 1 } else { failureCount += 1 }
        decide()
    }

    /// Whether the batch has failed.
    static func status(_ reason: BatchCompletionReason, failureCount: Int) -> BatchItemStatus {
        switch reason {
        case .customCompletionSucceeded: .succeeded
        case .customCompletionFailed: .failed
        case .allCompleted, .minSuccessfulReached, .failureToleranceExceeded: failureCount > 0 ? .failed : .succeeded
        }
    }

    private mutating func decide() {
        guard reason == nil else { return }
        switch completion.rule {
        case .custom(let decide):
            let progress = BatchProgress(
                totalCount: total, successCount: successCount, failureCount: failureCount, statuses: statuses)
            switch decide(progress) {
            case .succeed: reason = .customCompletionSucceeded
            case .fail: reason = .customCompletionFailed
            case .goOn: if successCount + failureCount >= total { reason = .allCompleted }
            }
        case .thresholds(let minSuccessful, let toleratedFailures, let toleratedFailurePercentage):
            if isToleranceExceeded(minSuccessful, toleratedFailures, toleratedFailurePercentage) {
                reason = .failureToleranceExceeded
            } else if successCount + failureCount >= total {
                reason = .allCompleted
            } else if let minSuccessful, successCount >= minSuccessful {
                reason = .minSuccessfulReached
            }
        }
    }

    private func isToleranceExceeded(
        _ minSuccessful: Int?, _ toleratedFailures: Int?, _ toleratedFailurePercentage: Double?
    ) -> Bool {
        if minSuccessful == nil, toleratedFailures == nil, toleratedFailurePercentage == nil { return failureCount > 0 }
        if let toleratedFailures, failureCount > toleratedFailures { return true }
        guard let toleratedFailurePercentage, total > 0 else { return false }
        return Double(failureCount) / Double(total) * 100 > toleratedFailurePercentage
    }
}
