import ExecutionModel

/// One line of control of a handler: its own, or that of a branch of `parallel` or `map`.
///
/// A run is suspended when none of its strands can go on. A strand whose result nobody wants any more, since the
/// operation that it belongs to has ended, is orphaned: it is cut off from the record and no longer counts.
///
/// `@unchecked`: every property is read and written under the lock of the run that the strand belongs to.
final class Strand: @unchecked Sendable {
    let parent: Strand?
    /// The context that a branch is recorded as.
    let context: OperationID?
    /// The branches below that have not ended, in no order.
    private(set) var children: [Strand] = []
    /// Where it stands among its parent's children.
    private var place = 0
    /// Whether it runs, rather than waits for a row to change or for a branch to end.
    var isActive = true
    var isOrphaned = false
    /// Whether the end of its context is in the record, or on its way there: it cannot be orphaned any more.
    var isEnding = false
    var hasEnded = false
    /// What it waits for, while it is not active. ``WaitingStrands`` keeps it.
    var awaited: Awaited?
    /// Greater than that of every strand that began to wait before.
    var ticket: UInt64 = 0
    /// The task of a branch.
    var task: Task<Void, Never>?
    /// Whether a checkpoint of it is on its way.
    var isRecording = false
    var recordingWaiters: [UnsafeContinuation<Void, Never>] = []
    /// Durable calls it has made since the invocation was over for it.
    var poisonedCalls = 0

    init(parent: Strand? = nil, context: OperationID? = nil) {
        self.parent = parent
        self.context = context
    }

    func add(_ child: Strand) {
        child.place = children.count
        children.append(child)
    }

    func remove(_ child: Strand) {
        precondition(children[child.place] === child, "a strand is not among its parent's children")
        let last = children.removeLast()
        guard last !== child else { return }
        last.place = child.place
        children[child.place] = last
    }

    enum Awaited {
        case row(OperationID, UnsafeContinuation<Waking, Never>)
        case branch(UnsafeContinuation<Waking, Never>)

        var continuation: UnsafeContinuation<Waking, Never> {
            switch self {
            case .row(_, let continuation), .branch(let continuation): continuation
            }
        }
    }
}

/// Why a strand that waited goes on.
enum Waking {
    /// What it waited for may have come: it looks again.
    case changed
    /// The invocation is over for it.
    case over
}
