import ExecutionModel

@testable import ExecutionEngine

/// A little SDK: enough of one to replay a scripted handler over the engine, so that the canonical histories can be made.
///
/// Its first update of a step or a context waits for the next checkpoint, as an SDK's does.
final class ScriptedHandler {
    private let driver = EngineDriver.started()
    private let body: (ScriptedHandler) throws -> Void
    private var answers: [(name: String, command: CallbackCommand)]
    private var childEnds: [OperationStatus]

    private var rows: [OperationID: Operation] = [:]
    private var queued: [OperationUpdate] = []
    private var scopes: [(id: OperationID?, counter: Int)] = []

    /// Ends the invocation: the handler goes on when something has happened.
    private struct Suspension: Error {}
    /// Ends the process in the middle of an operation.
    struct Crash: Error {}
    struct Failure: Error {
        var error = ErrorObject(message: "no", type: "Declined")
    }

    /// - Parameters:
    ///   - answers: What comes to callbacks from outside while the execution is suspended, in order.
    ///   - childEnds: What the executions that it starts come to, in order.
    init(
        answers: [(name: String, command: CallbackCommand)] = [], childEnds: [OperationStatus] = [],
        _ body: @escaping (ScriptedHandler) throws -> Void
    ) {
        self.answers = answers
        self.childEnds = childEnds
        self.body = body
    }

    /// Runs to the execution's end, and gives the history in the notation of the semantics' appendix A.
    func run() throws -> String {
        while true {
            switch driver.readiness {
            case .ended:
                return try CanonicalHistory.text(of: driver.records.filter { $0.execution == driver.number })
            case .runnable: try invoke()
            case .waiting: try wake()
            case .inFlight, .held, .paused: throw Failure()
            }
        }
    }

    private func wake() throws {
        if let answer = answers.first,
            let ordinal = driver.execution.operations.firstIndex(where: {
                $0.identity.name == answer.name && $0.status == .started
            })
        {
            answers.removeFirst()
            try driver.answer(UInt32(ordinal), answer.command)
        } else if let end = childEnds.first,
            let open = driver.execution.operations.first(where: {
                $0.identity.type == .chainedInvoke && $0.status == .started
            })
        {
            childEnds.removeFirst()
            try driver.endChild(of: open.identity.id.rawValue, end)
        } else if let due = driver.execution.nextDue {
            driver.advance(by: due.since(driver.now).rawValue)
        } else {
            throw Failure()
        }
    }

    private func invoke() throws {
        rows = Dictionary(uniqueKeysWithValues: driver.invoke().map { ($0.identity.id, $0) })
        queued = []
        scopes = [(nil, 0)]
        do {
            try body(self)
            driver.finish(.succeeded(result: nil))
        } catch is Suspension {
            try flush()
            driver.finish(.pending)
        } catch is Crash {
            try flush()
            driver.finish(.interrupted)
        } catch let failure as Failure {
            driver.finish(.failed(failure.error))
        }
    }

    private func flush(_ update: OperationUpdate? = nil) throws {
        if let update { queued.append(update) }
        if queued.isEmpty { return }
        let batch = queued
        queued = []
        for row in try driver.checkpoint(batch) { rows[row.identity.id] = row }
    }

    private func identity(_ type: OperationType, _ subType: String, _ name: String?) -> OperationIdentity {
        scopes[scopes.count - 1].counter += 1
        let scope = scopes[scopes.count - 1]
        let id = scope.id.map { "\($0)-\(scope.counter)" } ?? "\(scope.counter)"
        return OperationIdentity(id: OperationID(id), parentID: scope.id, type: type, subType: subType, name: name)
    }

    // MARK: - Operations

    /// - Parameters:
    ///   - delays: Seconds before each further attempt.
    ///   - atMostOnce: Whether an attempt that a crash interrupts counts as failed.
    func step(
        _ name: String? = nil, delays: [Int64] = [], atMostOnce: Bool = false,
        body: (_ attempt: Int) throws -> Void = { _ in }
    ) throws {
        let identity = identity(.step, "Step", name)
        var attempt = 1
        if let row = rows[identity.id] {
            switch row.status {
            case .succeeded: return
            case .failed: throw Failure(error: row.error ?? ErrorObject())
            case .pending: throw Suspension()
            case .started, .ready, .cancelled, .timedOut, .stopped: break
            }
            if case .step(let ended, _) = row.details { attempt = Int(ended) + 1 }
        }
        do {
            if rows[identity.id]?.status == .started {
                if atMostOnce { throw Failure(error: ErrorObject(type: "StepInterrupted")) }
            } else {
                queued.append(OperationUpdate(identity, .start))
                if atMostOnce { try flush() }
            }
            try body(attempt)
        } catch let failure as Failure {
            guard attempt <= delays.count else {
                try flush(OperationUpdate(identity, .fail, error: failure.error))
                throw failure
            }
            let delay = Milliseconds(1_000 * delays[attempt - 1])
            try flush(
                OperationUpdate(identity, .retry, error: failure.error, options: .step(nextAttemptDelay: delay)))
            throw Suspension()
        }
        try flush(OperationUpdate(identity, .succeed))
    }

    func wait(seconds: Int64 = 1) throws {
        let identity = identity(.wait, "Wait", nil)
        if rows[identity.id] == nil {
            try flush(OperationUpdate(identity, .start, options: .wait(duration: Milliseconds(1_000 * seconds))))
        }
        guard rows[identity.id]?.status == .succeeded else { throw Suspension() }
    }

    func createCallback(_ name: String, timeout: Int64? = nil, heartbeat: Int64? = nil) throws -> OperationID {
        let identity = identity(.callback, "Callback", name)
        if rows[identity.id] == nil {
            try flush(
                OperationUpdate(
                    identity, .start,
                    options: .callback(
                        timeout: timeout.map { Milliseconds(1_000 * $0) },
                        heartbeatTimeout: heartbeat.map { Milliseconds(1_000 * $0) })))
        }
        return identity.id
    }

    func result(of callback: OperationID) throws {
        switch rows[callback]?.status {
        case .succeeded: return
        case .failed, .timedOut: throw Failure(error: rows[callback]?.error ?? ErrorObject())
        case .started, .pending, .ready, .cancelled, .stopped, nil: throw Suspension()
        }
    }

    func chainedInvoke() throws {
        let identity = identity(.chainedInvoke, "ChainedInvoke", nil)
        if rows[identity.id] == nil {
            try flush(
                OperationUpdate(
                    identity, .start, options: .chainedInvoke(function: "charge", timeout: Milliseconds(60_000))))
        }
        switch rows[identity.id]?.status {
        case .succeeded: return
        case .failed, .timedOut, .stopped: throw Failure(error: rows[identity.id]?.error ?? ErrorObject())
        case .started, .pending, .ready, .cancelled, nil: throw Suspension()
        }
    }

    func context(subType: String = "RunInChildContext", _ body: (ScriptedHandler) throws -> Void) throws {
        let identity = identity(.context, subType, nil)
        switch rows[identity.id]?.status {
        case .succeeded: return
        case .failed: throw Failure(error: rows[identity.id]?.error ?? ErrorObject())
        case .started: break
        case .pending, .ready, .cancelled, .timedOut, .stopped, nil: queued.append(OperationUpdate(identity, .start))
        }
        scopes.append((identity.id, 0))
        do {
            try body(self)
        } catch let failure as Failure {
            scopes.removeLast()
            try flush(OperationUpdate(identity, .fail, error: failure.error))
            throw failure
        }
        scopes.removeLast()
        try flush(OperationUpdate(identity, .succeed))
    }

    func waitForCallback(
        _ name: String, timeout: Int64? = nil, heartbeat: Int64? = nil, delays: [Int64] = [],
        submit: (_ attempt: Int) throws -> Void = { _ in }
    ) throws {
        try context(subType: "WaitForCallback") { inner in
            let callback = try inner.createCallback(name, timeout: timeout, heartbeat: heartbeat)
            try inner.step("submitter", delays: delays, body: submit)
            try inner.result(of: callback)
        }
    }
}

/// The notation of the semantics' appendix A: `a.sS a.sF(1,+2) INV a.sS a.sOK(2) INV X`. Operations are lettered in the
/// order of their first events; an attempt is shown where it is not the first or not the last.
enum CanonicalHistory {
    static func text(of records: [RecordedEvent]) throws -> String {
        var letters: [OperationID: String] = [:]
        return try HistoryProjection.history(of: records).compactMap { event in
            var prefix = ""
            if let id = event.operation?.id {
                let letter = letters[id] ?? String(UnicodeScalar(UInt8(97 + letters.count)))
                letters[id] = letter
                prefix = letter + "."
            }
            return symbol(of: event.details).map { prefix + $0 }
        }.joined(separator: " ")
    }

    private static func symbol(of details: HistoryEvent.Details) -> String? {
        switch details {
        case .executionStarted: nil
        case .executionSucceeded: "X"
        case .executionFailed: "X(F)"
        case .executionTimedOut: "X(TO)"
        case .executionStopped: "X(STOP)"
        case .invocationCompleted(_, _, _, let error):
            error?.type == "Runtime.ExitError" ? "INV(Runtime.ExitError)" : "INV"
        case .contextStarted: "cS"
        case .contextSucceeded: "cOK"
        case .contextFailed: "cF"
        case .stepStarted: "sS"
        case .stepSucceeded(_, let retry): "sOK" + symbol(of: retry)
        case .stepFailed(_, let retry): "sF" + symbol(of: retry)
        case .waitStarted: "wS"
        case .waitSucceeded: "wOK"
        case .waitCancelled: "wC"
        case .callbackStarted: "kS"
        case .callbackSucceeded: "kOK"
        case .callbackFailed: "kF"
        case .callbackTimedOut: "kTO"
        case .chainedInvokeStarted: "iS"
        case .chainedInvokeSucceeded: "iOK"
        case .chainedInvokeFailed: "iF"
        case .chainedInvokeTimedOut: "iTO"
        case .chainedInvokeStopped: "iSTOP"
        case .executionPaused: "PAUSED"
        case .executionResumed: "RESUMED"
        case .executionHeld, .executionPauseRequested, .executionPauseCancelled, .executionCancelRequested,
            .executionDeleted, .retentionTrimmed, .historyTrimmed, .retentionHeld, .retentionReleased,
            .invocationStarted, .stepReady, .callbackHeartbeat:
            "internal"
        }
    }

    private static func symbol(of retry: HistoryEvent.Retry) -> String {
        if let delay = retry.nextAttemptDelay { return "(\(retry.currentAttempt),+\(delay.rawValue / 1_000))" }
        return retry.currentAttempt == 1 ? "" : "(\(retry.currentAttempt))"
    }
}
