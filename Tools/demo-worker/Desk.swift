import DemoPayments
import DemoWorkflow
import Foundation
import Indelible

/// The worker's side of the desk: requests go out to one file, decisions come in from another.
struct Desk: ApprovalDesk {
    private let requests: LineWriter
    private let approvals: String

    init(_ files: DemoFiles) throws {
        requests = try LineWriter(files.approvalRequests)
        approvals = files.approvals
    }

    func ask(_ request: ApprovalRequest) throws {
        try requests.append([request])
    }

    /// Completes the callbacks of decisions as they appear, until it is cancelled. After a restart it begins at the first
    /// line again: a callback that is complete already says so, and that is fine.
    func passDecisions(to engine: DurableEngine) async throws -> Never {
        var decisions = LineReader(approvals)
        while true {
            for decision in try decisions.next(ApprovalDecision.self) {
                do {
                    try await engine.complete(callback: CallbackID(decision.callback), with: decision)
                } catch let error as DurableEngineError where error.code == .callbackEnded {
                    continue
                }
            }
            try await Task.sleep(for: .milliseconds(100))
        }
    }
}
