/// One record of a snapshot: the state of an execution after so many of its events, in few records of kinds of their own.
/// SPEC.md, "Snapshots", has the layout.
package struct SnapshotRecord: Equatable, Sendable {
    /// 0xC0 to 0xFF, so that no event is taken for one.
    package var kind: UInt8
    package var body: [UInt8]

    package init(kind: UInt8, body: [UInt8]) {
        self.kind = kind
        self.body = body
    }
}

/// The code of a snapshot record's kind, in the order in which they come. A code is never given a second meaning.
enum SnapshotKind: UInt8, CaseIterable, Sendable {
    /// What never changes of the execution. One, the first.
    case start = 0xC0
    /// Where the execution stands. One, the second.
    case progress = 0xC1
    /// An operation. One for each, in the order of their ordinals; none once the execution has ended.
    case operation = 0xC2
}

/// The byte that says where an execution stands with its handler: ``InvocationPhase``.
enum PhaseCode {
    static let neverInvoked: UInt8 = 0
    static let inFlight: UInt8 = 1
    static let suspended: UInt8 = 2
    static let mustWake: UInt8 = 3
    static let failed: UInt8 = 4
    static let held: UInt8 = 5
    static let over: UInt8 = 6
}

/// The bits of an execution that stands somewhere.
enum ProgressFlags {
    static let tokenRevoked: UInt8 = 1 << 0
    static let cancelRequested: UInt8 = 1 << 1
    /// The handler has not been told of the request.
    static let unseen: UInt8 = 1 << 2
    /// The history of an ended execution has been trimmed.
    static let historyTrimmed: UInt8 = 1 << 3
    /// Somebody holds the execution.
    static let held: UInt8 = 1 << 4
    static let known: UInt8 = tokenRevoked | cancelRequested | unseen | historyTrimmed | held
}

/// The bits of an operation. Which of ``detail`` and ``heartbeat`` there may be depends on its type.
enum RowFlags {
    /// The handler has not been told how it stands.
    static let unseen: UInt8 = 1 << 0
    /// A context: its children are replayed. A step: it has a time for its next attempt. A callback: it has a time at which
    /// it times out. A chained invoke: it has started an execution.
    static let detail: UInt8 = 1 << 1
    /// A callback: it must be heard of every so often.
    static let heartbeat: UInt8 = 1 << 2
    static let known: UInt8 = unseen | detail | heartbeat
}
