/// What a batch, a `map` or a `parallel`, came to: its items in their order, those that never started left out.
///
/// A batch does not throw for items that failed: ask ``throwIfError()``, or look at ``failed``.
public struct BatchResult<Value> {
    /// One item that has started.
    public struct Item {
        /// Its place among all items given, from 0.
        public let index: Int
        public let name: String?
        public let status: BatchItemStatus
        /// What it returned; nil when it has not succeeded.
        public let value: Value?
        /// What it threw; nil when it has not failed.
        public let error: RecordedError?
    }

    public let items: [Item]
    public let completionReason: BatchCompletionReason

    init(items: [Item], completionReason: BatchCompletionReason) {
        self.items = items
        self.completionReason = completionReason
    }
}

extension BatchResult {
    public var succeeded: [Item] { items.filter { $0.status == .succeeded } }
    public var failed: [Item] { items.filter { $0.status == .failed } }
    /// Items that had not ended when the batch did.
    public var started: [Item] { items.filter { $0.status == .started } }

    /// What the items that succeeded returned, in order.
    public var results: [Value] { items.compactMap { $0.status == .succeeded ? $0.value : nil } }
    /// What the items that failed threw, in order.
    public var errors: [RecordedError] { items.compactMap(\.error) }

    public var successCount: Int { items.count { $0.status == .succeeded } }
    public var failureCount: Int { items.count { $0.status == .failed } }
    public var startedCount: Int { items.count { $0.status == .started } }
    /// Items that have started.
    public var totalCount: Int { items.count }
    public var hasFailure: Bool { items.contains { $0.status == .failed } }

    /// Failed when any item failed, whatever was tolerated; where a custom rule ended the batch, what that said.
    public var status: BatchItemStatus { BatchState.status(completionReason, failureCount: failureCount) }

    /// Throws what the first item that failed threw, as a ``ChildContextError``; or a ``BatchError`` when a custom rule
    /// declared the batch failed.
    ///
    /// - Returns: The batch, so that its results can be asked for: `try batch.throwIfError().results`.
    @discardableResult
    public func throwIfError() throws -> BatchResult {
        if let item = items.first(where: { $0.status == .failed }) {
            throw ChildContextError(context: item.name, cause: item.error ?? RecordedError(nil))
        }
        if completionReason == .customCompletionFailed {
            throw BatchError(
                completionReason: completionReason, successCount: successCount, failureCount: failureCount)
        }
        return self
    }

    func map<Other>(_ transform: (Value) throws -> Other) rethrows -> BatchResult<Other> {
        BatchResult<Other>(
            items: try items.map {
                BatchResult<Other>.Item(
                    index: $0.index, name: $0.name, status: $0.status, value: try $0.value.map(transform),
                    error: $0.error)
            }, completionReason: completionReason)
    }
}

extension BatchResult: Sendable where Value: Sendable {}
extension BatchResult.Item: Sendable where Value: Sendable {}
extension BatchResult: Equatable where Value: Equatable {}
extension BatchResult.Item: Equatable where Value: Equatable {}

extension BatchResult: Codable where Value: Codable {
    private enum CodingKeys: String, CodingKey {
        case items = "all"
        case completionReason
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        items = try container.decode([Item].self, forKey: .items)
        completionReason = try container.decode(BatchCompletionReason.self, forKey: .completionReason)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(items, forKey: .items)
        try container.encode(completionReason, forKey: .completionReason)
    }
}

extension BatchResult.Item: Codable where Value: Codable {
    private enum CodingKeys: String, CodingKey {
        case index, name, status, error
        case value = "result"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        index = try container.decode(Int.self, forKey: .index)
        name = try container.decodeIfPresent(String.self, forKey: .name)
        status = try container.decode(BatchItemStatus.self, forKey: .status)
        // Decoded for its presence by the status, not by the key: a result may itself be null.
        value = status == .succeeded ? try container.decode(Value.self, forKey: .value) : nil
        error = try container.decodeIfPresent(RecordedError.self, forKey: .error)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encode(status, forKey: .status)
        if let value { try container.encode(value, forKey: .value) }
        try container.encodeIfPresent(error, forKey: .error)
    }
}
