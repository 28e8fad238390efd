import ExecutionEngine
import ExecutionModel
import Synchronization

/// What has been acknowledged to anybody, and therefore must be found in every later opening.
final class Ledger: Sendable {
    struct Operation: Hashable {
        var execution: ExecutionID
        var place: Int
    }

    struct Content: Sendable {
        /// With the names that they have.
        var started: [ExecutionID: String] = [:]
        /// What others have started, as far as their handlers were told.
        var children: Set<ExecutionID> = []
        /// Results of steps, as the checkpoint that recorded them was acknowledged, or as a replay showed them.
        var results: [Operation: [UInt8]] = [:]
        var answers: [CallbackID: CallbackCommand] = [:]
        var stopped: Set<ExecutionID> = []
        var pauseCounts: [ExecutionID: Int] = [:]
        var resumptionCounts: [ExecutionID: Int] = [:]
        var cancelled: Set<ExecutionID> = []
        /// Asked for, whatever came of it.
        var deletionsAsked: Set<ExecutionID> = []
        var deleted: Set<ExecutionID> = []
        /// By the names that their holds have; none has another's.
        var held: [String: ExecutionID] = [:]
        /// Asked for, whatever came of it.
        var releasesAsked: Set<String> = []
        var ends: [ExecutionID: ExecutionStatus] = [:]
        /// The callbacks that somebody could answer.
        var callbacks: [CallbackID] = []
        /// Distinct for every run of a step's body.
        var runCount: UInt32 = 0
        var contradictions: [String] = []
    }

    private let content: Mutex<Content>

    init(_ content: Content = Content()) {
        self.content = Mutex(content)
    }

    var copy: Content { content.withLock { $0 } }

    func note(_ change: (inout Content) -> Void) {
        content.withLock { change(&$0) }
    }

    /// Notes a fact that may be told more than once, and never in two ways.
    func note<Key: Hashable & Sendable, Fact: Equatable & Sendable>(
        _ facts: any WritableKeyPath<Content, [Key: Fact]> & Sendable, _ key: Key, _ fact: Fact
    ) {
        content.withLock { content in
            if let known = content[keyPath: facts][key], known != fact {
                content.contradictions.append("\(key) was \(known), and is now \(fact)")
            }
            content[keyPath: facts][key] = fact
        }
    }

    func nextRun() -> [UInt8] {
        content.withLock { content in
            content.runCount += 1
            return withUnsafeBytes(of: content.runCount) { Array($0) }
        }
    }
}
