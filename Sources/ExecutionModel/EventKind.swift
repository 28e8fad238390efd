/// The code of an event's kind, as the frame's directory holds it. SPEC.md has the table.
///
/// A code is never given a second meaning. Gaps are kept for what is known to come: 0x70 (name bound), and 0xC0 to 0xFF
/// for the kinds that only snapshots hold.
package enum EventKind: UInt8, CaseIterable, Sendable {
    case executionStarted = 0x01
    case executionSucceeded = 0x02
    case executionFailed = 0x03
    case executionTimedOut = 0x04
    case executionStopped = 0x05
    case executionPaused = 0x06
    case executionResumed = 0x07
    case executionHeld = 0x08
    /// The start of an execution that says more than 0x01 can.
    case executionStartedExtended = 0x09
    case executionPauseRequested = 0x0A
    case executionPauseCancelled = 0x0B
    case executionCancelRequested = 0x0C
    case executionDeleted = 0x0D
    /// The start of an execution whose retention is more than 0x09 can say.
    case executionStartedWithPolicy = 0x0E

    case invocationStarted = 0x10
    case invocationCompleted = 0x11

    case contextStarted = 0x20
    case contextSucceeded = 0x21
    case contextFailed = 0x22

    case stepStarted = 0x30
    case stepSucceeded = 0x31
    case stepFailed = 0x32
    case stepReady = 0x33

    case waitStarted = 0x40
    case waitSucceeded = 0x41
    case waitCancelled = 0x42

    case callbackStarted = 0x50
    case callbackSucceeded = 0x51
    case callbackFailed = 0x52
    case callbackTimedOut = 0x53
    case callbackHeartbeat = 0x54

    case chainedInvokeStarted = 0x60
    case chainedInvokeSucceeded = 0x61
    case chainedInvokeFailed = 0x62
    case chainedInvokeTimedOut = 0x63
    case chainedInvokeStopped = 0x64

    case retentionTrimmed = 0x71
    case historyTrimmed = 0x72
    case retentionHeld = 0x73
    case retentionReleased = 0x74
}

extension EventKind {
    /// Whether it is a form of the start of an execution.
    package var isStart: Bool {
        self == .executionStarted || self == .executionStartedExtended || self == .executionStartedWithPolicy
    }

    /// Whether it ends an execution.
    package var isEnd: Bool {
        self == .executionSucceeded || self == .executionFailed || self == .executionTimedOut
            || self == .executionStopped
    }

    /// Whether such a record is still an execution's after its history has been trimmed: its start, its end, and what is said
    /// of its retention. The kind says it, so that nobody needs to read bodies to know what may go.
    package var outlivesHistory: Bool {
        isStart || isEnd || self == .executionDeleted || self == .retentionTrimmed || self == .historyTrimmed
            || self == .retentionHeld || self == .retentionReleased
    }

    /// Whether AWS does not show such an event: it has no EventId.
    package var isInternal: Bool {
        switch self {
        case .executionHeld, .executionPauseRequested, .executionPauseCancelled, .executionCancelRequested,
            .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased,
            .invocationStarted, .stepReady, .callbackHeartbeat:
            true
        case .executionStarted, .executionStartedExtended, .executionStartedWithPolicy, .executionSucceeded,
            .executionFailed, .executionTimedOut, .executionStopped, .executionPaused, .executionResumed,
            .invocationCompleted, .contextStarted, .contextSucceeded, .contextFailed, .stepStarted, .stepSucceeded,
            .stepFailed, .waitStarted, .waitSucceeded, .waitCancelled, .callbackStarted, .callbackSucceeded,
            .callbackFailed, .callbackTimedOut, .chainedInvokeStarted, .chainedInvokeSucceeded, .chainedInvokeFailed,
            .chainedInvokeTimedOut, .chainedInvokeStopped:
            false
        }
    }
}

extension Event {
    /// The code of the event's kind.
    package var kind: UInt8 { eventKind.rawValue }

    package var eventKind: EventKind {
        switch self {
        case .executionStarted(let start): start.kind
        case .executionSucceeded: .executionSucceeded
        case .executionFailed: .executionFailed
        case .executionTimedOut: .executionTimedOut
        case .executionStopped: .executionStopped
        case .executionHeld: .executionHeld
        case .executionPauseRequested: .executionPauseRequested
        case .executionPauseCancelled: .executionPauseCancelled
        case .executionPaused: .executionPaused
        case .executionResumed: .executionResumed
        case .executionCancelRequested: .executionCancelRequested
        case .executionDeleted: .executionDeleted
        case .retentionTrimmed: .retentionTrimmed
        case .historyTrimmed: .historyTrimmed
        case .retentionHeld: .retentionHeld
        case .retentionReleased: .retentionReleased
        case .invocationStarted: .invocationStarted
        case .invocationCompleted: .invocationCompleted
        case .contextStarted: .contextStarted
        case .contextSucceeded: .contextSucceeded
        case .contextFailed: .contextFailed
        case .stepStarted: .stepStarted
        case .stepSucceeded: .stepSucceeded
        case .stepFailed: .stepFailed
        case .stepReady: .stepReady
        case .waitStarted: .waitStarted
        case .waitSucceeded: .waitSucceeded
        case .waitCancelled: .waitCancelled
        case .callbackStarted: .callbackStarted
        case .callbackSucceeded: .callbackSucceeded
        case .callbackFailed: .callbackFailed
        case .callbackTimedOut: .callbackTimedOut
        case .callbackHeartbeat: .callbackHeartbeat
        case .chainedInvokeStarted: .chainedInvokeStarted
        case .chainedInvokeSucceeded: .chainedInvokeSucceeded
        case .chainedInvokeFailed: .chainedInvokeFailed
        case .chainedInvokeTimedOut: .chainedInvokeTimedOut
        case .chainedInvokeStopped: .chainedInvokeStopped
        }
    }

    /// The operation that the event is about; nil for events of the execution and of its invocations.
    package var operation: OperationReference? {
        switch self {
        case .executionStarted, .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped,
            .executionHeld, .executionPauseRequested, .executionPauseCancelled, .executionPaused, .executionResumed,
            .executionCancelRequested, .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld,
            .retentionReleased, .invocationStarted, .invocationCompleted:
            nil
        case .contextStarted(let operation), .contextSucceeded(let operation, _, _), .contextFailed(let operation, _),
            .stepStarted(let operation), .stepSucceeded(let operation, _, _), .stepFailed(let operation, _, _),
            .stepReady(let operation), .waitStarted(let operation, _), .waitSucceeded(let operation),
            .waitCancelled(let operation, _), .callbackStarted(let operation, _, _),
            .callbackSucceeded(let operation, _), .callbackFailed(let operation, _),
            .callbackTimedOut(let operation, _), .callbackHeartbeat(let operation),
            .chainedInvokeStarted(let operation, _), .chainedInvokeSucceeded(let operation, _),
            .chainedInvokeFailed(let operation, _), .chainedInvokeTimedOut(let operation, _),
            .chainedInvokeStopped(let operation, _):
            operation
        }
    }
}
