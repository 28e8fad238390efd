/// A line of the requests file: the worker asks the desk. The same request may stand there twice, as a step that was killed
/// after writing and before its record runs again; the callback is the same.
package struct ApprovalRequest: Codable, Hashable, Sendable {
    package var callback: String
    package var order: String
    package var amount: Int
    package var currency: String

    package init(callback: String, order: Order) {
        self.callback = callback
        self.order = order.id
        self.amount = order.amount
        self.currency = order.currency
    }
}

/// A line of the approvals file: the desk's decision. The worker polls the file and completes the callback.
package struct ApprovalDecision: Codable, Hashable, Sendable {
    package var callback: String
    package var order: String
    package var granted: Bool
    package var by: String

    package init(callback: String, order: String, granted: Bool, by: String) {
        self.callback = callback
        self.order = order
        self.granted = granted
        self.by = by
    }
}
