import Synchronization

/// Whether a context is still in what earlier runs have done. It goes from true to false once, and its logger asks it
/// from wherever user code logs.
final class ReplayFlag: Sendable {
    private let flag: Atomic<Bool>

    init(_ isReplaying: Bool) {
        flag = Atomic(isReplaying)
    }

    var isReplaying: Bool { flag.load(ordering: .relaxed) }

    func end() {
        flag.store(false, ordering: .relaxed)
    }
}
