import ExecutionEngine
import ExecutionModel
import Synchronization

/// One activation of a handler: what it replays from and the right to its first checkpoint.
package struct Invocation: Sendable {
    package var execution: ExecutionID
    package var start: ExecutionStart
    package var startTime: Timestamp
    /// Counted from 1 in its execution.
    package var number: UInt32
    package var requestID: RandomBits
    package var invocationTime: Timestamp
    package var token: CheckpointToken
    /// The EXECUTION row first, with the input; then the others in the order of their start. Where the handler was
    /// parked, only those that changed meanwhile. Their results may be stored: see ``EngineRuntime/resolve(_:of:)``.
    package var operations: [Operation]
    /// What changed since the last invocation, as far as this process knows.
    package var updatedOperationIDs: [OperationID]
    /// How often the function had been registered: another number, other code.
    package var registrationCount: Int
    package var news: InvocationNews
    package var runtime: EngineRuntime

    /// The execution's Amazon Resource Name.
    package var arn: ExecutionARN {
        ExecutionARN(
            owner: runtime.options.owner, function: start.function, version: start.version, name: start.name,
            id: execution)
    }
}

/// The checkpoint token of an invocation whose handler runs in this process.
package final class CheckpointSession: Sendable {
    package let execution: ExecutionNumber
    private let current: Mutex<(token: CheckpointToken?, isRevoked: Bool)>

    package init(_ token: CheckpointToken) {
        execution = token.execution
        current = Mutex((token, false))
    }

    /// Nil once there is no further one.
    var token: CheckpointToken? { current.withLock { $0.token } }

    /// Whether there is no further one because a pause has taken it.
    package var isRevoked: Bool { current.withLock { $0.isRevoked } }

    func go(on reply: CheckpointReply) {
        current.withLock { $0 = (reply.token, reply.isRevoked) }
    }
}

/// Tells an invocation in flight that something has changed which it has not seen: an empty checkpoint shows it.
package final class InvocationNews: Sendable {
    private let state = Mutex(State())

    private struct State {
        var listener: Listener?
        /// What came before anybody listened.
        var pending: Kind?
    }

    package enum Kind: Sendable {
        case operationChanged
        /// Somebody has asked for the execution's end: a handler in the midst of its work may want to know.
        case cancelRequested
    }

    package typealias Listener = @Sendable (Kind) -> Void

    init() {}

    /// Calls `listener` for every change from now on, and at once for one that came before. It may be called from any
    /// thread and under the engine's lock, so it must do no more than note it. Nil: nobody is called any more.
    package func listen(_ listener: Listener?) {
        let pending = state.withLock { state in
            state.listener = listener
            return state.pending
        }
        if let listener, let pending { listener(pending) }
    }

    func post(_ kind: Kind) {
        let listener = state.withLock { state in
            if state.listener == nil, state.pending != .cancelRequested { state.pending = kind }
            return state.listener
        }
        listener?(kind)
    }
}

/// Handlers that stay in memory while their executions are suspended, so that they go on without a replay.
///
/// Every call may come under the engine's lock and must not call back.
package protocol ParkedHandlers: Sendable {
    /// Takes out the handler of an execution, to be resumed or dropped. Nil: there is none that runs the code which
    /// `registrationCount` stands for.
    func claim(_ execution: ExecutionNumber, registrationCount: Int) -> (any ParkedHandler)?
    /// Gives up the handler of an execution, if there is one.
    func drop(_ execution: ExecutionNumber)
    func dropAll()
}

package protocol ParkedHandler: Sendable {
    /// Goes on with an invocation whose operations are what changed since the handler was parked.
    func resume(_ invocation: Invocation) async -> InvocationOutcome?
    func drop()
}
