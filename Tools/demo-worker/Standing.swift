import DemoPayments
import Foundation
import Synchronization

/// How far this process is, for its standard output.
final class Standing: Sendable {
    private let recovered: Int
    private let done = Atomic<Int>(0)

    /// - Parameter recovered: Payments that the log held, begun and not ended, when it was opened.
    init(recovered: Int) {
        self.recovered = recovered
    }

    func noteEnd() {
        done.add(1, ordering: .relaxed)
    }

    /// Writes a line twenty times a second, until it is cancelled.
    func report() async throws -> Never {
        while true {
            try write()
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    func write() throws {
        let report = WorkerReport(recovered: recovered, done: done.load(ordering: .relaxed))
        var line = try JSONEncoder().encode(report)
        line.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: line)
    }
}
