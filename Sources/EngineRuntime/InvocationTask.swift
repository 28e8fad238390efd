import ExecutionModel
import Synchronization

/// The task that runs one invocation's handler, from its decision to its end.
///
/// It exists before the task does: a cancellation that comes between the decision and its durability is kept and takes
/// effect at the launch.
final class InvocationTask: Sendable {
    let execution: ExecutionNumber
    let invocation: UInt32
    let function: String
    private let state = Mutex(State.waiting)

    private enum State {
        case waiting
        case running(Task<Void, Never>)
        case cancelled
    }

    init(execution: ExecutionNumber, invocation: UInt32, function: String) {
        self.execution = execution
        self.invocation = invocation
        self.function = function
    }

    /// Starts the handler on `executor`, or on the global pool.
    func launch(on executor: (any TaskExecutor)?, _ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            let task = Task(executorPreference: executor, operation: body)
            switch state {
            case .waiting: state = .running(task)
            case .cancelled: task.cancel()
            case .running: preconditionFailure("an invocation was launched twice")
            }
        }
    }

    func cancel() {
        state.withLock { state in
            if case .running(let task) = state { task.cancel() }
            state = .cancelled
        }
    }
}
