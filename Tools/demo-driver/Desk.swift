import DemoPayments

/// The people who approve large payments: reads the worker's requests and appends decisions.
struct Desk {
    let files: DemoFiles

    /// Until it is cancelled. A request that stands there twice is answered once.
    func work() async throws {
        var requests = LineReader(files.approvalRequests)
        var decisions = LineReader(files.approvals)
        var answered = Set(try decisions.next(ApprovalDecision.self).map(\.callback))
        let approvals = try LineWriter(files.approvals)
        while !Task.isCancelled {
            let new = try requests.next(ApprovalRequest.self).filter { answered.insert($0.callback).inserted }
            try approvals.append(
                new.map { request in
                    ApprovalDecision(
                        callback: request.callback, order: request.order,
                        granted: PaymentRules.deskGrants(orderID: request.order), by: "desk")
                })
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
