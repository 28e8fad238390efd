import Foundation

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

/// A data directory that the demo does not fill.
package enum DemoFilesError: Error, Equatable, CustomStringConvertible {
    case notADirectory(String)
    /// It holds something, and none of it is a run's.
    case foreign(String, holds: String)

    package var description: String {
        switch self {
        case .notADirectory(let path):
            "\(path) is a file; give a directory with --data, an empty one or that of an earlier run"
        case .foreign(let path, let name):
            "\(path) holds \(name) and no earlier run; give an empty directory with --data, or one that is not there yet"
        }
    }
}

extension DemoFiles {
    /// Makes the directory, unless it is that of an earlier run, which goes on in it.
    ///
    /// - Throws: ``DemoFilesError``, and what the system says. Nothing was changed then.
    package func prepare() throws {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory) {
            guard isDirectory.boolValue else { throw DemoFilesError.notADirectory(directory) }
            // The ledger is the first file of every run.
            if !FileManager.default.fileExists(atPath: ledger),
                let found = try FileManager.default.contentsOfDirectory(atPath: directory).min()
            {
                throw DemoFilesError.foreign(directory, holds: found)
            }
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
}
