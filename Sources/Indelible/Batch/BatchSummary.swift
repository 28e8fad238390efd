/// What is recorded of a batch whose result is too large to be: enough to know, on replay, which of its items had ended. The
/// fields are those of AWS's Python SDK.
struct BatchSummary: Codable {
    /// `MapResult` or `ParallelResult`.
    var type: String
    /// Items that have started.
    var totalCount: Int
    var completionReason: BatchCompletionReason
    /// Of the items that had started, those that had not ended; or those that had, whichever are fewer.
    var startedIndexes: [Int]?
    var completedIndexes: [Int]?
    var startedCount: Int
    var successCount: Int
    var failureCount: Int
    var status: BatchItemStatus

    init(type: String, statuses: [BatchItemStatus?], reason: BatchCompletionReason) {
        let started = statuses.indices.filter { statuses[$0] == .started }
        let completed = statuses.indices.filter { statuses[$0] == .succeeded || statuses[$0] == .failed }
        self.type = type
        totalCount = started.count + completed.count
        completionReason = reason
        startedIndexes = started.count <= completed.count ? started : nil
        completedIndexes = started.count <= completed.count ? nil : completed
        startedCount = started.count
        successCount = statuses.count { $0 == .succeeded }
        failureCount = statuses.count { $0 == .failed }
        status = BatchState.status(reason, failureCount: failureCount)
    }

    /// Whether the fields agree: they may have come from anywhere.
    var isConsistent: Bool {
        guard totalCount >= 0, let indexes = startedIndexes ?? completedIndexes else { return false }
        return indexes.allSatisfy((0..<totalCount).contains) && Set(indexes).count == indexes.count
    }

    /// The items that had ended, and those that had started only. Items start in order, so the others are the last ones.
    var indexes: (completed: [Int], started: [Int]) {
        let all = 0..<totalCount
        if let startedIndexes {
            let started = Set(startedIndexes)
            return (all.filter { !started.contains($0) }, startedIndexes)
        }
        let completed = Set(completedIndexes ?? [])
        return (Array(all.filter { completed.contains($0) }), all.filter { !completed.contains($0) })
    }
}
