/// When a batch, a `map` or a `parallel`, has come to its end.
///
/// A batch ends when every item has ended. Before that it ends as successful when as many have succeeded as are needed, and
/// as not tolerable when more have failed than are tolerated; what has not ended then is abandoned.
public struct BatchCompletion: Sendable {
    enum Rule: Sendable {
        case thresholds(minSuccessful: Int?, toleratedFailures: Int?, toleratedFailurePercentage: Double?)
        case custom(@Sendable (BatchProgress) -> BatchDecision)
    }

    let rule: Rule

    private init(_ rule: Rule) {
        self.rule = rule
    }

    /// - Parameters:
    ///   - minSuccessful: The batch is over when so many items have succeeded: 1 to their number. Nil: when all have ended.
    ///   - toleratedFailures: How many may fail; one more ends the batch. 0 or more.
    ///   - toleratedFailurePercentage: Which share of all items may fail, 0 to 100; more ends the batch.
    ///
    /// Where neither tolerance is given, any number may fail if `minSuccessful` is, and none otherwise.
    public init(
        minSuccessful: Int? = nil, toleratedFailures: Int? = nil, toleratedFailurePercentage: Double? = nil
    ) {
        self.init(
            .thresholds(
                minSuccessful: minSuccessful, toleratedFailures: toleratedFailures,
                toleratedFailurePercentage: toleratedFailurePercentage))
    }

    /// The first failure ends the batch: the default.
    public static let allSuccessful = BatchCompletion(toleratedFailures: 0, toleratedFailurePercentage: 0)
    /// Every item comes to its end, however many fail.
    public static let allCompleted = BatchCompletion(toleratedFailurePercentage: 100)
    /// The first success ends the batch, and failures do not.
    public static let firstSuccessful = BatchCompletion(minSuccessful: 1)

    /// So many successes end the batch, and failures do not.
    public static func successful(_ count: Int) -> BatchCompletion { BatchCompletion(minSuccessful: count) }

    /// One failure more than `failures` ends the batch.
    public static func tolerating(failures: Int) -> BatchCompletion { BatchCompletion(toleratedFailures: failures) }

    /// Failures of more than `percentage` per cent of all items end the batch.
    public static func tolerating(percentage: Double) -> BatchCompletion {
        BatchCompletion(toleratedFailurePercentage: percentage)
    }

    /// Whatever `decide` says: asked before any item starts, and after each change of one.
    ///
    /// The batch ends when all items have ended all the same.
    ///
    /// - Parameter decide: Must depend on nothing but what it is given.
    public static func custom(_ decide: @escaping @Sendable (BatchProgress) -> BatchDecision) -> BatchCompletion {
        BatchCompletion(.custom(decide))
    }

    func check(count: Int) throws(ContextError) {
        guard
            case .thresholds(let minSuccessful, let toleratedFailures, let toleratedFailurePercentage) = rule
        else { return }
        if let minSuccessful, minSuccessful < 1 || minSuccessful > max(count, 1) {
            throw ContextError(
                code: .invalidArgument,
                message: "a batch of \(count) items cannot need \(minSuccessful) successes: 1 to their number")
        }
        if let toleratedFailures, toleratedFailures < 0 {
            throw ContextError(
                code: .invalidArgument, message: "a batch cannot tolerate \(toleratedFailures) failures: 0 or more")
        }
        if let percentage = toleratedFailurePercentage, !(0...100).contains(percentage) {
            throw ContextError(
                code: .invalidArgument, message: "a batch cannot tolerate \(percentage) per cent of failures: 0 to 100")
        }
    }
}

/// How far a batch has come.
public struct BatchProgress: Sendable {
    /// Items given.
    public let totalCount: Int
    public let successCount: Int
    public let failureCount: Int
    /// Items that have ended.
    public var completedCount: Int { successCount + failureCount }
    /// Of each item, in order, how it stands; nil: it has not started.
    public let statuses: [BatchItemStatus?]
}

/// What a custom rule says of a batch.
public enum BatchDecision: Sendable, Hashable {
    case goOn
    /// The batch has succeeded, whatever failed.
    case succeed
    /// The batch has failed, whatever succeeded.
    case fail
}

/// Where an item of a batch stands. AWS's words.
public enum BatchItemStatus: String, Sendable, Hashable, Codable {
    /// It had not ended when the batch did.
    case started = "STARTED"
    case succeeded = "SUCCEEDED"
    case failed = "FAILED"
}

/// Why a batch has ended. AWS's words.
public enum BatchCompletionReason: String, Sendable, Hashable, Codable {
    case allCompleted = "ALL_COMPLETED"
    case minSuccessfulReached = "MIN_SUCCESSFUL_REACHED"
    case failureToleranceExceeded = "FAILURE_TOLERANCE_EXCEEDED"
    case customCompletionSucceeded = "CUSTOM_COMPLETION_SUCCEEDED"
    case customCompletionFailed = "CUSTOM_COMPLETION_FAILED"
}

/// What the history shows of a batch's items.
public enum BatchNesting: Sendable, Hashable {
    /// Each item is a context of its own, with its result.
    case nested
    /// Items have no record of their own: their operations hang on the batch, and their bodies run on every replay until it
    /// has ended. About a third fewer operations.
    case flat
}
