import ExecutionEngine
import ExecutionModel

/// What the engine knows of an execution without reading its history.
package struct ExecutionSummary: Sendable {
    package var id: ExecutionID
    package var function: String
    package var version: String
    package var name: String
    package var status: ExecutionStatus
    package var input: Payload?
    package var result: Payload?
    package var error: ErrorObject?
    package var startTime: Timestamp
    package var endTime: Timestamp?
    package var timeout: Milliseconds?
    package var retention: RetentionPolicy
    package var holds: [RetentionHold]
    /// When the history was trimmed, so that this summary is all there is. Nil: it was not.
    package var historyTrimTime: Timestamp?
    package var tenantID: String?
    /// The execution whose chained invoke started it.
    package var parent: ExecutionNumber?
    package var pause: (request: PauseRequest, time: Timestamp)?
    package var cancelRequest: CancelRequest?
    package var standing: Standing

    /// What an execution does, or what it waits for.
    package enum Standing: Hashable, Sendable {
        case ended
        case invocationInFlight
        /// Runnable, and its turn has not come: the concurrency limits are reached.
        case queued
        /// Runnable, but no function of its name is registered with this engine.
        case functionNotRegistered
        /// Until a timer is due or something from outside arrives.
        case suspended(nextDue: Timestamp?)
        /// A replay disagreed with the history; registering the function again tries once more.
        case held(DivergenceReport)
        /// Until it is resumed.
        case paused
    }
}

extension Core {
    /// Of an execution in memory; nil when there is none of that number.
    func summary(of number: ExecutionNumber) -> ExecutionSummary? {
        engine.execution(number).map { summary(of: $0) }
    }

    func summary(of state: ExecutionState) -> ExecutionSummary {
        let standing: ExecutionSummary.Standing =
            switch state.readiness(at: lastTime) {
            case .ended: .ended
            case .inFlight: .invocationInFlight
            case .runnable:
                scheduler.registration(of: FunctionKey(state.start)) == nil ? .functionNotRegistered : .queued
            case .waiting: .suspended(nextDue: state.nextDue)
            case .held: state.holdReport.map { .held($0) } ?? .suspended(nextDue: state.nextDue)
            case .paused: .paused
            }
        return ExecutionSummary(
            id: state.id, function: state.start.function, version: state.start.version, name: state.start.name,
            status: state.status,
            input: state.start.input, result: state.result, error: state.error, startTime: state.startTime,
            endTime: state.endTime, timeout: state.start.timeout, retention: state.start.retention,
            holds: state.retentionHolds, historyTrimTime: state.historyTrimTime, tenantID: state.start.tenantID,
            parent: state.start.parent?.execution, pause: state.pauseRequest, cancelRequest: state.cancelRequest,
            standing: standing)
    }
}
