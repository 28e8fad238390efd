import EngineRuntime
import Synchronization

/// Runs blocking work with files, each on a thread of its own, and so much of it at once: a thousand branches that read
/// their records would otherwise make a thousand threads. Who has to wait holds none.
final class FileThreads: Sendable {
    /// Those of the process. More would queue at the disk.
    static let shared = FileThreads(countMax: 16)

    let countMax: Int
    private let state = Mutex(State())

    private struct State {
        var count = 0
        var waiting: [UnsafeContinuation<Void, Never>] = []
    }

    init(countMax: Int) {
        self.countMax = countMax
    }

    nonisolated(nonsending) func run<R: Sendable, E: Error>(
        _ body: @escaping @Sendable () throws(E) -> R
    ) async throws(E) -> R {
        await enter()
        defer { leave() }
        return try await onOwnThread(body)
    }

    private nonisolated(nonsending) func enter() async {
        await withUnsafeContinuation { continuation in
            let enters = state.withLock { state in
                guard state.count == countMax else {
                    state.count += 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if enters { continuation.resume() }
        }
    }

    /// The first who waits takes the place.
    private func leave() {
        let next = state.withLock { state -> UnsafeContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.count -= 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
