import DemoPayments

/// Answers requests: the flaky part. What is true for ever is the ledger's business.
actor GatewayService {
    private let ledger: Ledger
    private let latency: Duration
    private var faults: Faults
    private(set) var counts = GatewayCounts()

    init(ledger: Ledger, faults: Faults, latency: Duration) {
        self.ledger = ledger
        self.faults = faults
        self.latency = latency
    }

    func reply(to request: GatewayRequest) async -> GatewayReply {
        counts.requests += 1
        let fault = faults.next(key: request.idempotencyKey)
        // The time a real gateway takes; the connection's end cancels it, and the request is then as if never sent.
        do {
            try await Task.sleep(for: latency)
        } catch {
            return GatewayReply(id: request.id, answer: .unavailable, text: "the connection ended")
        }
        if fault == .before {
            counts.failedBefore += 1
            return GatewayReply(id: request.id, answer: .unavailable, text: "503 try again")
        }
        do {
            let (entry, isRepeat) = try await ledger.record(request)
            if isRepeat { counts.repeats += 1 }
            if fault == .after {
                counts.failedAfter += 1
                return GatewayReply(id: request.id, answer: .unavailable, text: "504 no answer in time")
            }
            return GatewayReply(
                id: request.id, answer: entry.approved ? .approved : .refused, text: "ledger-\(entry.number)")
        } catch {
            return GatewayReply(id: request.id, answer: .refused, text: "\(error)")
        }
    }
}
