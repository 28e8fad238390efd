/// What the gateway does for an order.
package enum GatewayOperation: String, Codable, CaseIterable, Sendable {
    case authorize, capture, void, settle, refund, notify
}

/// One line from the worker to the gateway.
package struct GatewayRequest: Codable, Hashable, Sendable {
    /// Pairs a reply with its request on one connection.
    package var id: UInt64
    package var operation: GatewayOperation
    package var order: String
    /// Two requests of one key have one effect, and one answer.
    package var idempotencyKey: String
    package var amount: Int
    package var currency: String
    package var cardToken: String

    package init(
        id: UInt64, operation: GatewayOperation, order: String, idempotencyKey: String, amount: Int, currency: String,
        cardToken: String
    ) {
        self.id = id
        self.operation = operation
        self.order = order
        self.idempotencyKey = idempotencyKey
        self.amount = amount
        self.currency = currency
        self.cardToken = cardToken
    }
}

/// One line back.
package struct GatewayReply: Codable, Hashable, Sendable {
    package enum Answer: String, Codable, Sendable {
        /// Done, and in the ledger.
        case approved
        /// The bank said no, and that is in the ledger: asking again changes nothing.
        case refused
        /// It went wrong, and whether it happened is open: ask again with the same key.
        case unavailable
    }

    package var id: UInt64
    package var answer: Answer
    /// The ledger entry's reference, or why not.
    package var text: String

    package init(id: UInt64, answer: Answer, text: String) {
        self.id = id
        self.answer = answer
        self.text = text
    }
}

/// One line of the gateway's ledger: the effect, as the outside world remembers it.
package struct LedgerEntry: Codable, Hashable, Sendable {
    /// From 1, dense.
    package var number: Int
    package var operation: GatewayOperation
    package var order: String
    package var idempotencyKey: String
    package var amount: Int
    package var currency: String
    package var approved: Bool

    package init(number: Int, request: GatewayRequest, approved: Bool) {
        self.number = number
        self.operation = request.operation
        self.order = request.order
        self.idempotencyKey = request.idempotencyKey
        self.amount = request.amount
        self.currency = request.currency
        self.approved = approved
    }
}

/// What the gateway counted while it ran.
package struct GatewayCounts: Codable, Hashable, Sendable {
    package var requests = 0
    /// Failed before anything was recorded.
    package var failedBefore = 0
    /// Recorded, but the reply said that it failed.
    package var failedAfter = 0
    /// Answered from the ledger, because the key was known.
    package var repeats = 0

    package init() {}
}
