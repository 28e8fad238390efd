import Indelible

/// What a handler returns of a batch: the parts that AWS's requirements compare, and no others.
struct BatchProjection: Codable {
    var completionReason: BatchCompletionReason?
    var status: BatchItemStatus?
    var successCount: Int
    var failureCount: Int?
    var totalCount: Int

    static func all<Value>(of batch: BatchResult<Value>) -> BatchProjection {
        var projection = counts(of: batch)
        projection.status = batch.status
        return projection
    }

    static func counts<Value>(of batch: BatchResult<Value>) -> BatchProjection {
        var projection = successes(of: batch)
        projection.failureCount = batch.failureCount
        return projection
    }

    static func successes<Value>(of batch: BatchResult<Value>) -> BatchProjection {
        var projection = sizes(of: batch)
        projection.completionReason = batch.completionReason
        return projection
    }

    static func sizes<Value>(of batch: BatchResult<Value>) -> BatchProjection {
        BatchProjection(successCount: batch.successCount, totalCount: batch.totalCount)
    }
}

/// What an item of a batch fails with.
struct ItemFailed: Error, CustomStringConvertible {
    var description: String { "no result" }
}
