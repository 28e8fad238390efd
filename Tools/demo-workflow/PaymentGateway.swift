import DemoPayments

/// What makes a payment's effects: the demo's gateway over a socket, or a test's in memory.
package protocol PaymentGateway: Sendable {
    /// Asks for one effect. Two requests of one key have one effect, and one answer.
    ///
    /// - Returns: The reference of the ledger's entry.
    /// - Throws: ``GatewayRefusal`` for good; ``GatewayUnavailable`` when it is open whether it happened.
    func call(_ operation: GatewayOperation, _ order: Order, idempotencyKey: String) async throws -> String
}

/// Who decides on large payments.
package protocol ApprovalDesk: Sendable {
    /// Hands in a request, which somebody answers through its callback.
    func ask(_ request: ApprovalRequest) throws
}

/// The gateway could not say whether it did it: ask again, with the same key.
package struct GatewayUnavailable: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) {
        self.description = description
    }
}

/// The bank said no.
package struct GatewayRefusal: Error, CustomStringConvertible {
    package var description: String

    package init(description: String) {
        self.description = description
    }
}
