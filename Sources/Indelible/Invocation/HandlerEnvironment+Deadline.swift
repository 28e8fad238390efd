import Synchronization

/// What an attempt that took too long has failed with: what a retry policy is asked about.
public struct StepTimeoutError: Error, Hashable, Sendable, CustomStringConvertible {
    public let timeout: Duration

    public var description: String { "the attempt took longer than \(timeout)" }
}

extension HandlerEnvironment {
    /// What `body` comes to, or ``StepTimeoutError`` once `timeout` has passed: its task is cancelled then, and nobody waits
    /// for it.
    nonisolated(nonsending) func result<Value: Sendable>(
        within timeout: Duration, _ body: @escaping @concurrent @Sendable () async throws -> Value
    ) async throws -> Value {
        let race = Race<Value>()
        let (pool, sleep) = (pool, sleep)
        return try await withTaskCancellationHandler {
            let result: Result<Value, any Error> = await withUnsafeContinuation { winner in
                race.begin(winner)
                race.add(
                    Task(executorPreference: pool) {
                        do { race.end(.success(try await body())) } catch { race.end(.failure(error)) }
                    })
                race.add(
                    Task(executorPreference: pool) {
                        do { try await sleep(timeout) } catch { return }  // Cancelled: the body was quicker.
                        race.end(.failure(StepTimeoutError(timeout: timeout)))
                    })
            }
            return try result.get()
        } onCancel: {
            race.end(.failure(CancellationError()))
        }
    }
}

/// Several tasks of which the first to end decides, and the rest are cancelled.
private final class Race<Value: Sendable>: Sendable {
    private typealias Winner = UnsafeContinuation<Result<Value, any Error>, Never>

    private let state = Mutex(State())

    private struct State {
        var winner: UnsafeContinuation<Result<Value, any Error>, Never>?
        var result: Result<Value, any Error>?
        var tasks: [Task<Void, Never>] = []
    }

    func begin(_ winner: UnsafeContinuation<Result<Value, any Error>, Never>) {
        let result = state.withLock { state in
            if state.result == nil { state.winner = winner }
            return state.result
        }
        if let result { winner.resume(returning: result) }
    }

    func add(_ task: Task<Void, Never>) {
        let isOver = state.withLock { state in
            if state.result == nil { state.tasks.append(task) }
            return state.result != nil
        }
        if isOver { task.cancel() }
    }

    func end(_ result: Result<Value, any Error>) {
        let (winner, tasks) = state.withLock { state in
            guard state.result == nil else { return (nil as Winner?, [] as [Task<Void, Never>]) }
            defer {
                state.result = result
                state.winner = nil
                state.tasks = []
            }
            return (state.winner, state.tasks)
        }
        for task in tasks { task.cancel() }
        winner?.resume(returning: result)
    }
}
