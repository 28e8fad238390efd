/// Whether three witnesses agree on every order: what must become of it, what its execution recorded, and what the gateway
/// did.
package struct Verdict: Sendable {
    /// One sentence each; empty when all agree.
    package private(set) var disagreements: [String] = []
    package private(set) var countOfOutcome: [PaymentOutcome: Int] = [:]
    /// The fewest and the most captures of an order whose payment was approved to that point, and of one that was not.
    package private(set) var capturesOfApproved: ClosedRange<Int>?
    package private(set) var capturesOfDeclined: ClosedRange<Int>?
    package private(set) var captures = 0
    package let orders: Int

    /// - Parameter payments: By order id; nil where the execution did not end with a payment's result.
    package init(orders: [Order], payments: [(order: String, result: PaymentResult?)], ledger: [LedgerEntry]) {
        self.orders = orders.count
        let entriesOfOrder = Dictionary(grouping: ledger, by: \.order)
        let paymentsOfOrder = Dictionary(grouping: payments, by: \.order)
        for order in orders {
            check(order, paymentsOfOrder[order.id] ?? [], entriesOfOrder[order.id] ?? [])
        }
        let known = Set(orders.map(\.id))
        for id in Set(ledger.map(\.order)).subtracting(known).sorted() {
            disagreements.append("\(id): in the ledger, but in no order")
        }
        for (key, entries) in Dictionary(grouping: ledger, by: \.idempotencyKey) where entries.count > 1 {
            disagreements.append("\(entries[0].order): key \(key) had \(entries.count) effects")
        }
    }

    private mutating func check(
        _ order: Order, _ payments: [(order: String, result: PaymentResult?)], _ entries: [LedgerEntry]
    ) {
        let expected = PaymentOutcome.expected(for: order)
        let done = entries.filter(\.approved)
        let captured = done.count { $0.operation == .capture }
        captures += captured
        if expected.effects.contains(.capture) {
            capturesOfApproved = Self.widen(capturesOfApproved, by: captured)
        } else {
            capturesOfDeclined = Self.widen(capturesOfDeclined, by: captured)
        }

        guard payments.count == 1, let result = payments[0].result else {
            disagreements.append("\(order.id): \(payments.count) executions, no result")
            return
        }
        countOfOutcome[result.outcome, default: 0] += 1
        if result.outcome != expected {
            disagreements.append("\(order.id): recorded as \(result.outcome), must be \(expected)")
        }
        if result.charged != (expected == .settled ? order.amount : 0) {
            disagreements.append("\(order.id): recorded \(result.charged) as charged")
        }
        if done.map(\.operation) != expected.effects {
            disagreements.append("\(order.id): the gateway did \(Self.names(done)), must be \(expected.effects)")
        }
        let refused = entries.filter { !$0.approved }
        if refused.map(\.operation) != expected.refusals {
            disagreements.append("\(order.id): the gateway refused \(Self.names(refused))")
        }
        if let other = entries.first(where: { $0.amount != order.amount || $0.currency != order.currency }) {
            disagreements.append("\(order.id): the ledger says \(other.amount) \(other.currency)")
        }
    }

    private static func widen(_ range: ClosedRange<Int>?, by count: Int) -> ClosedRange<Int> {
        guard let range else { return count...count }
        return min(range.lowerBound, count)...max(range.upperBound, count)
    }

    private static func names(_ entries: [LedgerEntry]) -> String {
        "[" + entries.map(\.operation.rawValue).joined(separator: ", ") + "]"
    }
}
