import DequeModule
import ExecutionModel
import Synchronization

/// Where the branches of one operation tell how they ended.
///
/// `@unchecked`: every property is read and written under the lock of the run that the branches belong to.
final class Mailbox: @unchecked Sendable {
    /// The strand that waits for the branches.
    let owner: Strand
    private var ended = Deque<(index: Int, outcome: BranchOutcome)>()

    init(owner: Strand) {
        self.owner = owner
    }

    var hasEnded: Bool { !ended.isEmpty }

    func put(_ index: Int, _ outcome: BranchOutcome) {
        ended.append((index, outcome))
    }

    func take() -> (index: Int, outcome: BranchOutcome)? {
        ended.popFirst()
    }
}

/// How a branch ended, whose strand it was.
enum BranchOutcome: Sendable {
    case succeeded([UInt8]?)
    case failed(RecordedError)
    /// Something that ends the whole operation, and is not the branch's own failure.
    case aborted(any Error)
}

extension HandlerRun {
    /// Starts a branch of `parent`: a strand with a task of its own, which tells `mailbox` what it came to.
    ///
    /// - Parameters:
    ///   - context: The id of the context that the branch is recorded as; nil where it is not.
    ///   - isEnding: Whether the history holds that context's end.
    ///   - body: Nil: the invocation is over for the branch.
    func startBranch(
        _ index: Int, of parent: Strand, context: OperationID?, isEnding: Bool, telling mailbox: Mailbox,
        _ body: @escaping @Sendable (Strand) async -> BranchOutcome?
    ) -> Strand {
        let strand = Strand(parent: parent, context: context)
        strand.isEnding = isEnding
        change { state, _ in
            strand.isOrphaned = parent.isOrphaned
            strand.isActive = !strand.isOrphaned
            parent.add(strand)
            if strand.isActive { state.activeCount += 1 }
        }
        let task = environment.start { [self] in
            let outcome = await body(strand)
            endBranch(strand, index, outcome, telling: mailbox)
        }
        let isTakenBack = state.withLock { state in
            strand.task = task
            return state.isCancelled || strand.isOrphaned
        }
        if isTakenBack { task.cancel() }
        return strand
    }

    private func endBranch(
        _ strand: Strand, _ index: Int, _ outcome: BranchOutcome?, telling mailbox: Mailbox
    ) {
        change { state, consequences in
            strand.hasEnded = true
            strand.task = nil
            strand.parent?.remove(strand)
            guard !strand.isOrphaned else { return }
            strand.isActive = false
            state.activeCount -= 1
            if let outcome { mailbox.put(index, outcome) }
            if case .branch? = mailbox.owner.awaited { state.wake(mailbox.owner, .changed, &consequences) }
            refreshOrRest(&state, &consequences)
        }
    }

    /// Cuts strands and everything below them off from the record, and waits until nothing of theirs is on its way to it.
    ///
    /// - Parameter sparesEnding: Whether to leave those alone that have ended, or whose end is recorded or about to be.
    /// - Returns: How many it has left alone: what they came to is in their mailbox, or will be.
    @discardableResult
    nonisolated(nonsending) func orphan(_ strands: [Strand], sparesEnding: Bool = false) async -> Int {
        guard !strands.isEmpty else { return 0 }
        let (sparedCount, recording) = change { state, consequences in
            var recording: [Strand] = []
            var sparedCount = 0
            for strand in strands {
                if sparesEnding, strand.hasEnded || strand.isEnding {
                    sparedCount += 1
                } else {
                    state.orphan(strand, &consequences, &recording)
                }
            }
            return (sparedCount, recording)
        }
        for strand in recording { await recorded(strand) }
        return sparedCount
    }
}

extension HandlerRun.State {
    fileprivate mutating func orphan(
        _ strand: Strand, _ consequences: inout Consequences, _ recording: inout [Strand]
    ) {
        strand.isOrphaned = true
        if strand.isRecording { recording.append(strand) }
        if let continuation = waiting.remove(strand) {
            consequences.wakings.append((continuation, .over))
        } else if strand.isActive {
            activeCount -= 1
        }
        strand.isActive = false
        if let task = strand.task { consequences.cancelled.append(task) }
        for child in strand.children { orphan(child, &consequences, &recording) }
    }
}
