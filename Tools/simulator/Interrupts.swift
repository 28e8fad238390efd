import Dispatch
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM, noted: the seeds that run are let go, and what was found is told.
final class Interrupts: Sendable {
    private let isSet = Atomic(false)

    var hasCome: Bool { isSet.load(ordering: .relaxed) }

    static func noting<Result: Sendable>(
        _ body: (Interrupts) async throws -> Result
    ) async throws -> Result {
        let interrupts = Interrupts()
        let sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { interrupts.isSet.store(true, ordering: .relaxed) }
            source.resume()
            return source
        }
        defer { for source in sources { source.cancel() } }
        return try await body(interrupts)
    }
}
