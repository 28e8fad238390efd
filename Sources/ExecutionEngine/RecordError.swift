import ExecutionModel

/// Why a record cannot follow those before it in its execution's history.
///
/// Its bytes are intact, so this is no damage of the disk: another program wrote it, or a fault of this one did.
package enum RecordError: Error, Hashable, Sendable {
    /// The execution has no record before this one, which is not its start.
    case executionUnknown
    /// A start whose execution has records already.
    case executionStartedTwice
    /// A start whose execution's number is not the LSN of the start.
    case numberMismatch(lsn: UInt64)
    /// A record of the history is missing, or is there twice.
    case sequence(expected: UInt32, found: UInt32)
    /// The execution had ended.
    case executionEnded
    /// The record drops the execution, so that there is no state of it any more.
    case executionDropped
    /// An invocation starts, or its hold is recorded, while one is in flight.
    case invocationInFlight
    /// An invocation ends and none is in flight.
    case invocationNotInFlight
    /// The history is trimmed twice.
    case historyTrimmed
    /// A trim names another event as the execution's end.
    case eventID(expected: UInt32, found: UInt32)
    /// Something of an execution is trimmed, or it is deleted, while somebody holds it.
    case held(by: String)
    /// A hold of a name that another hold on the execution has.
    case holdTaken(String)
    /// The release of a hold that is not on the execution.
    case holdUnknown(String)
    /// A hold on the call of a plain function.
    case plainFunction
    /// The execution is not in a status that the event can follow.
    case status(ExecutionStatus)
    /// No operation has the ordinal.
    case operationUnknown(OperationOrdinal)
    /// The operation is of another type than the event.
    case operationType(OperationOrdinal, OperationType)
    /// The operation had ended.
    case operationEnded(OperationOrdinal)
    /// An operation's first event, of a kind that begins none; or an event that begins one and is not the first.
    case operationStart(EventKind)
    /// An operation's first event with the id of another.
    case operationIDTaken(OperationID)
    /// A parent that is not a context.
    case parent(OperationOrdinal)
}

extension RecordError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .executionUnknown: "its execution has no start"
        case .executionStartedTwice: "its execution has started before"
        case .numberMismatch(let lsn): "it starts an execution of another number than its LSN \(lsn)"
        case .sequence(let expected, let found):
            "it is number \(found) of its execution's history, and number \(expected) should follow"
        case .executionEnded: "its execution has ended"
        case .executionDropped: "it drops its execution"
        case .invocationInFlight: "an invocation is in flight"
        case .invocationNotInFlight: "no invocation is in flight"
        case .historyTrimmed: "its execution's history has been trimmed before"
        case .eventID(let expected, let found):
            "it says that its execution ended with event \(found), which was event \(expected)"
        case .held(let name): "its execution is held by '\(name)'"
        case .holdTaken(let name): "its execution is held by '\(name)' already"
        case .holdUnknown(let name): "its execution is not held by '\(name)'"
        case .plainFunction: "its execution is the call of a plain function"
        case .status(let status): "its execution is \(status.title)"
        case .operationUnknown(let ordinal): "its execution has no operation \(ordinal.rawValue)"
        case .operationType(let ordinal, let type): "operation \(ordinal.rawValue) is no \(type.title)"
        case .operationEnded(let ordinal): "operation \(ordinal.rawValue) has ended"
        case .operationStart(let kind): "\(kind) begins an operation that it cannot begin, or that has begun"
        case .operationIDTaken(let id): "another operation has the id \(id)"
        case .parent(let ordinal): "its parent, operation \(ordinal.rawValue), is no context"
        }
    }
}
