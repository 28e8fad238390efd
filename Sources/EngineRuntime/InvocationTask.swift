import ExecutionModel
import Synchronization

/// The task that runs one invocation's handler, from its decision to its end.
///
/// It exists before the task does: a cancellation that comes between the decision and its durability is kept and takes
/// effect at the launch.
final class InvocationTask: Sendable {
    let execution: ExecutionNumber
    let invocation: UInt32
    let function: FunctionKey
    /// How often the function had been registered when the invocation was decided: which code it runs.
    let registrationCount: Int
    /// How long it may take. Nil: for ever.
    let timeout: Milliseconds?
    let news = InvocationNews()
    private let state = Mutex(State.waiting)

    private enum State {
        case waiting
        case running(Task<Void, Never>)
        case cancelled
    }

    init(
        execution: ExecutionNumber, invocation: UInt32, function: FunctionKey, registrationCount: Int,
        timeout: Milliseconds?
    ) {
        self.execution = execution
        self.invocation = invocation
        self.function = function
        self.registrationCount = registrationCount
        self.timeout = timeout
    }

    /// Starts the handler on `executor`, or on the global pool.
    func launch(on executor: (any TaskExecutor)?, _ body: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            switch state {
            case .waiting:
                state = .running(Task(executorPreference: executor, operation: body))
            case .cancelled:
                // Cancelled from within, since cancelling runs what the handler has asked for in that case.
                Task(executorPreference: executor) {
                    withUnsafeCurrentTask { $0?.cancel() }
                    await body()
                }
            case .running:
                preconditionFailure("an invocation was launched twice")
            }
        }
    }

    /// Runs the handler's own cancellation handlers, here and now: not to be called under a lock, nor from a thread that
    /// others wait for.
    func cancel() {
        let task: Task<Void, Never>? = state.withLock { state in
            defer { state = .cancelled }
            guard case .running(let task) = state else { return nil }
            return task
        }
        task?.cancel()
    }
}
