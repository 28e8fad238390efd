/// Where the demo's processes find each other's files in its data directory.
package struct DemoFiles: Sendable {
    package let directory: String

    package init(_ directory: String) {
        self.directory = directory
    }

    /// The engine's log directory: what `indelible … --data` takes.
    package var log: String { directory + "/log" }
    package var ledger: String { directory + "/gateway-ledger.jsonl" }
    /// The gateway's port, in decimal; there once it listens.
    package var gatewayPort: String { directory + "/gateway.port" }
    /// ``GatewayCounts``; written when the gateway ends.
    package var gatewayCounts: String { directory + "/gateway-counts.json" }
    /// ``ApprovalRequest``, from the worker to the desk.
    package var approvalRequests: String { directory + "/approval-requests.jsonl" }
    /// ``ApprovalDecision``, from the desk to the worker.
    package var approvals: String { directory + "/approvals.jsonl" }
}
