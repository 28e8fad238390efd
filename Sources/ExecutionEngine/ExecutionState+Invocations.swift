import ExecutionModel

/// What became of an invocation, as the runtime saw it.
package enum InvocationOutcome: Hashable, Sendable {
    case succeeded(result: [UInt8]?)
    /// The handler threw: the execution fails.
    case failed(ErrorObject?)
    /// The handler suspended.
    case pending
    /// The invocation failed, not the handler's work: it is tried again.
    case crashed(ErrorObject)
    /// The process ended during the invocation. Recovery says so of every invocation that it finds in flight.
    case interrupted
    /// The replay disagreed with the history.
    case held(Divergence)
}

extension ExecutionState {
    /// Starts an invocation of a runnable or held execution.
    package func decideInvocationStart(requestID: RandomBits, at now: Timestamp) -> Decision<Void> {
        precondition(
            readiness(at: now) == .runnable || readiness(at: now) == .held,
            "execution \(id) cannot be invoked: it is \(readiness(at: now))")
        return Decision(events: [.invocationStarted(requestID: requestID)], reply: ())
    }

    /// Ends invocation number `invocation`, and the execution with it where the outcome says so. An invocation that is
    /// not in flight any more changes nothing.
    package func decideInvocationEnd(
        invocation: UInt32, _ outcome: InvocationOutcome, limits: Limits, at now: Timestamp
    ) -> Decision<Void> {
        guard isInFlight, invocation == invocationCount else { return Decision(reply: ()) }
        if status.isTerminal {
            return Decision(events: [.invocationCompleted(.ignored(error: outcome.error))], reply: ())
        }
        var decision = decideOpenInvocationEnd(outcome, limits: limits)
        // The invocation that a pause waited for has made no further checkpoint.
        if status == .pausing, decision.effects.isEmpty { decision.events.append(.executionPaused) }
        return decision
    }

    private func decideOpenInvocationEnd(_ outcome: InvocationOutcome, limits: Limits) -> Decision<Void> {
        if isTokenRevoked, case .succeeded = outcome { return interrupted }
        if isTokenRevoked, case .failed = outcome { return interrupted }
        switch outcome {
        case .succeeded(let result):
            let limit = outputLengthMax(limits)
            if let length = result?.count, length > limit {
                let refusal = EngineError.payloadTooLong("Execution output payload", length, limit: limit)
                return failing(ErrorObject(message: refusal.message, type: refusal.code.rawValue))
            }
            return ending(.executionSucceeded(result: result.map { .inline($0) }), error: nil)
        case .failed(let error):
            return failing(error.map { $0.truncated(to: limits.errorLengthMax) })
        case .pending:
            return suspending(limits)
        case .crashed(let error):
            let error = error.truncated(to: limits.errorLengthMax)
            // Nothing of a plain function's work is recorded, and whoever called it decides whether it is tried again.
            if start.isPlain { return failing(error) }
            return retrying(error, delay: RetryBackoff.delay(after: failedInvocationCount), limits)
        case .interrupted:
            // A worker that is restarted is no sign of a failing handler: the first retry does not wait.
            let delay =
                failedInvocationCount == 0 ? Milliseconds(0) : RetryBackoff.delay(after: failedInvocationCount - 1)
            return retrying(.processEnded, delay: delay, limits)
        case .held(let divergence):
            return Decision(
                events: [.invocationCompleted(.diverged(error: divergence.error)), .executionHeld(divergence)],
                reply: ())
        }
    }

    /// What the execution may come to: less where another execution waits for it.
    func outputLengthMax(_ limits: Limits) -> Int {
        start.parent == nil ? limits.payloadLengthMax : min(limits.payloadLengthMax, limits.chainedPayloadLengthMax)
    }

    /// A pause has taken back the handler's token: what it came to is found again by its next replay.
    private var interrupted: Decision<Void> {
        Decision(events: [.invocationCompleted(.suspended(unseenChanges: true))], reply: ())
    }

    private func suspending(_ limits: Limits) -> Decision<Void> {
        if isTokenRevoked { return interrupted }
        if awaitedCount > 0 || hasUnseenChanges {
            let end = InvocationEnd.suspended(unseenChanges: hasUnseenChanges)
            return Decision(events: [.invocationCompleted(end)], reply: ())
        }
        let error = ErrorObject(
            message: "Cannot return PENDING status with no pending operations.",
            type: EngineError.Code.invalidParameterValue.rawValue)
        if refusedInvocationCount + 1 >= limits.refusedInvocationCountMax { return failing(error) }
        return Decision(events: [.invocationCompleted(.refused(error: error))], reply: ())
    }

    private func retrying(_ error: ErrorObject, delay: Milliseconds, _ limits: Limits) -> Decision<Void> {
        if let limit = limits.failedInvocationCountMax, failedInvocationCount + 1 >= limit { return failing(error) }
        return Decision(events: [.invocationCompleted(.crashed(error: error, retryDelay: delay))], reply: ())
    }

    private func failing(_ error: ErrorObject?) -> Decision<Void> {
        ending(.executionFailed(error: error), error: error)
    }

    /// The invocation's end comes before the execution's.
    private func ending(_ event: Event, error: ErrorObject?) -> Decision<Void> {
        Decision(
            events: [.invocationCompleted(.returned(error: error)), event], effects: [.executionEnded], reply: ())
    }
}

/// How long to wait after failed invocations in a row: 1 s, then twice as long each time, at most 60 s. There is no last
/// attempt: an execution ends by its own timeout, or by being stopped.
enum RetryBackoff {
    static func delay(after failureCount: Int) -> Milliseconds {
        Milliseconds(min(1_000 << Int64(min(failureCount, 6)), 60_000))
    }
}

extension InvocationOutcome {
    /// The error that the record of an ignored invocation shows.
    var error: ErrorObject? {
        switch self {
        case .succeeded, .pending: nil
        case .failed(let error): error
        case .crashed(let error): error
        case .interrupted: .processEnded
        case .held(let divergence): divergence.error
        }
    }
}

extension ErrorObject {
    static let processEnded = ErrorObject(
        message: "The process ended during the invocation.", type: "Runtime.ExitError")

    /// The error with what passes the limit cut: an invocation's own error must be recordable, whatever it is.
    func truncated(to limit: Int) -> ErrorObject {
        guard byteCount > limit else { return self }
        var room = limit
        func cut(_ text: String?) -> String? {
            guard let text else { return nil }
            var end = text.utf8.index(text.startIndex, offsetBy: room, limitedBy: text.endIndex) ?? text.endIndex
            while end.samePosition(in: text.unicodeScalars) == nil { end = text.utf8.index(before: end) }
            let kept = String(text[..<end])
            room -= kept.utf8.count
            return kept
        }
        // The type is what a replay knows the error by.
        let type = cut(type)
        return ErrorObject(message: cut(message), type: type, data: nil, stackTrace: [])
    }
}

extension Divergence {
    /// The divergence as an error: what the record of its invocation shows, and what a function that fails on one ends
    /// with.
    package var error: ErrorObject {
        let held = recorded.map { "\($0.type.title) '\($0.name ?? $0.id.rawValue)'" } ?? "nothing more"
        return ErrorObject(
            message: "The history holds \(held) at operation \(attempted.id), and the handler asked for "
                + "\(attempted.type.title) '\(attempted.name ?? attempted.id.rawValue)'.",
            type: "NonDeterministicExecution")
    }
}
