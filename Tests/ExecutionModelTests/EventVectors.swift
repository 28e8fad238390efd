import ExecutionModel

/// The events of `Fixtures/events/1/vectors.txt`, under the numbers that SPEC.md gives them.
enum EventVectors {
    static let secret = RandomBits(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    static let error = ErrorObject(message: "no", type: "Declined")
    static let fullError = ErrorObject(message: "no", type: "Declined", data: "{}", stackTrace: ["f", "main"])
    static let hello = Payload.inline(Array("\"hello\"".utf8))
    static let first = OperationReference.first(
        OperationStart(id: OperationID("1-2"), parent: OperationOrdinal(0), subType: "Step", name: "charge"))
    static let existing = OperationReference.existing(OperationOrdinal(1))

    static let all: [(name: String, event: Event)] = [
        (
            "executionStarted",
            .executionStarted(
                ExecutionStart(
                    secret: secret, function: "pay", name: "order-1", input: .inline(Array("{}".utf8)),
                    timeout: Milliseconds(60_000)))
        ),
        (
            "executionStarted without input and timeout",
            .executionStarted(
                ExecutionStart(secret: secret, function: "pay", version: "7", name: "order-1", input: nil))
        ),
        ("executionSucceeded", .executionSucceeded(result: hello)),
        ("executionSucceeded without a result", .executionSucceeded(result: nil)),
        ("executionSucceeded with an empty result", .executionSucceeded(result: .inline([]))),
        ("executionFailed", .executionFailed(error: error)),
        ("executionFailed without an error", .executionFailed(error: nil)),
        ("executionTimedOut", .executionTimedOut(error: ErrorObject(message: "late"))),
        ("executionStopped", .executionStopped(error: ErrorObject())),
        (
            "executionHeld",
            .executionHeld(
                Divergence(
                    recorded: OperationIdentity(id: OperationID("1"), type: .step, subType: "Step", name: "a"),
                    attempted: OperationIdentity(
                        id: OperationID("1"), parentID: OperationID("0"), type: .wait, subType: "Wait", name: "b")))
        ),
        (
            "executionHeld with nothing recorded",
            .executionHeld(
                Divergence(recorded: nil, attempted: OperationIdentity(id: OperationID("2"), type: .callback)))
        ),
        ("invocationStarted", .invocationStarted(requestID: secret)),
        ("invocationCompleted, returned", .invocationCompleted(.returned(error: nil))),
        ("invocationCompleted, returned an error", .invocationCompleted(.returned(error: error))),
        ("invocationCompleted, suspended", .invocationCompleted(.suspended(unseenChanges: false))),
        ("invocationCompleted, suspended with unseen changes", .invocationCompleted(.suspended(unseenChanges: true))),
        ("invocationCompleted, refused", .invocationCompleted(.refused(error: error))),
        (
            "invocationCompleted, crashed",
            .invocationCompleted(.crashed(error: error, retryDelay: Milliseconds(1_000)))
        ),
        ("invocationCompleted, diverged", .invocationCompleted(.diverged(error: error))),
        ("invocationCompleted, ignored", .invocationCompleted(.ignored(error: nil))),
        (
            "contextStarted at the root",
            .contextStarted(.first(OperationStart(id: OperationID("1"), subType: "RunInChildContext", name: "ship")))
        ),
        ("contextSucceeded", .contextSucceeded(.existing(OperationOrdinal(0)), result: hello, replayChildren: false)),
        ("contextSucceeded, children replayed", .contextSucceeded(existing, result: nil, replayChildren: true)),
        ("contextFailed", .contextFailed(existing, error: fullError)),
        ("stepStarted", .stepStarted(first)),
        ("stepStarted again", .stepStarted(existing)),
        (
            "stepStarted with a sub type of the user's",
            .stepStarted(.first(OperationStart(id: OperationID("3"), subType: "Charge", name: nil)))
        ),
        ("stepSucceeded", .stepSucceeded(existing, result: hello, nextAttemptDelay: nil)),
        ("stepSucceeded, polled", .stepSucceeded(existing, result: hello, nextAttemptDelay: Milliseconds(2_000))),
        ("stepFailed", .stepFailed(existing, error: error, nextAttemptDelay: nil)),
        ("stepFailed, retried", .stepFailed(existing, error: error, nextAttemptDelay: Milliseconds(1))),
        ("stepReady", .stepReady(existing)),
        (
            "waitStarted",
            .waitStarted(
                .first(OperationStart(id: OperationID("2"), subType: "Wait", name: nil)),
                duration: Milliseconds(86_400_000))
        ),
        ("waitSucceeded", .waitSucceeded(.existing(OperationOrdinal(300)))),
        ("waitCancelled", .waitCancelled(existing, error: nil)),
        (
            "callbackStarted",
            .callbackStarted(
                .first(OperationStart(id: OperationID("4"), subType: "Callback", name: "approval")),
                timeout: Milliseconds(3_000), heartbeatTimeout: nil)
        ),
        ("callbackSucceeded", .callbackSucceeded(existing, result: .inline([0, 255]))),
        ("callbackFailed", .callbackFailed(existing, error: error)),
        (
            "callbackTimedOut",
            .callbackTimedOut(existing, error: ErrorObject(message: "Callback timed out", type: "Callback.Timeout"))
        ),
        ("callbackHeartbeat", .callbackHeartbeat(existing)),
        (
            "executionStartedExtended, by a chained invoke",
            .executionStarted(
                ExecutionStart(
                    secret: secret, function: "pay", version: "7", name: "order-1", input: .inline(Array("{}".utf8)),
                    timeout: Milliseconds(60_000), retention: RetentionPolicy(Milliseconds(86_400_000)),
                    tenantID: "shop-1",
                    traceHeader: "Root=1",
                    parent: ParentLink(execution: ExecutionNumber(300), operation: existingOrdinal)
                ))
        ),
        (
            "executionStartedExtended, of a plain function",
            .executionStarted(ExecutionStart(secret: secret, function: "rate", name: "r", input: nil, isPlain: true))
        ),
        (
            "executionPauseRequested",
            .executionPauseRequested(PauseRequest(reason: "audit", pausesTimeout: true))
        ),
        (
            "executionPauseRequested without a reason, the timeout going on",
            .executionPauseRequested(PauseRequest(pausesTimeout: false))
        ),
        ("executionPauseCancelled", .executionPauseCancelled(reason: nil)),
        ("executionPaused", .executionPaused),
        ("executionResumed", .executionResumed(reason: "done")),
        ("executionCancelRequested", .executionCancelRequested(reason: "sold out")),
        ("executionDeleted", .executionDeleted),
        (
            "chainedInvokeStarted",
            .chainedInvokeStarted(
                .first(OperationStart(id: OperationID("5"), subType: "ChainedInvoke", name: "charge")),
                ChainedInvokeStart(
                    function: "charge:7", tenantID: "shop-1", traceHeader: "Root=1", input: hello,
                    target: ChainedTarget(
                        version: "7", child: ExecutionID(number: ExecutionNumber(300), check: secret), isPlain: false)))
        ),
        (
            "chainedInvokeStarted, of a plain function",
            .chainedInvokeStarted(
                first,
                ChainedInvokeStart(
                    function: "rate", input: nil,
                    target: ChainedTarget(
                        version: "$LATEST", child: ExecutionID(number: ExecutionNumber(3), check: secret), isPlain: true
                    )))
        ),
        (
            "chainedInvokeStarted, of a function that was not found",
            .chainedInvokeStarted(first, ChainedInvokeStart(function: "nobody", input: nil, target: nil))
        ),
        ("chainedInvokeSucceeded", .chainedInvokeSucceeded(existing, result: hello)),
        ("chainedInvokeFailed", .chainedInvokeFailed(existing, error: error)),
        (
            "chainedInvokeTimedOut",
            .chainedInvokeTimedOut(existing, error: ErrorObject(message: "late", type: "ChainedInvoke.Timeout"))
        ),
        ("chainedInvokeStopped", .chainedInvokeStopped(existing, error: error)),
        ("retentionTrimmed", .retentionTrimmed),
        (
            "executionStartedWithPolicy, a year of summary after a success",
            .executionStarted(
                ExecutionStart(
                    secret: secret, function: "pay", name: "order-1", input: nil,
                    retention: RetentionPolicy(
                        succeeded: .history(Milliseconds(86_400_000), thenSummary: Milliseconds(31_536_000_000)),
                        otherwise: .forever)))
        ),
        (
            "executionStartedWithPolicy, the summary for ever, by a chained invoke",
            .executionStarted(
                ExecutionStart(
                    secret: secret, function: "pay", version: "7", name: "order-1", input: nil,
                    retention: RetentionPolicy(
                        succeeded: .history(Milliseconds(1), thenSummary: nil),
                        otherwise: .history(Milliseconds(1), thenSummary: nil)),
                    tenantID: "shop-1", traceHeader: "Root=1",
                    parent: ParentLink(execution: ExecutionNumber(300), operation: existingOrdinal)))
        ),
        ("historyTrimmed", .historyTrimmed(endEventID: 300)),
        ("retentionHeld", .retentionHeld(name: "case-4711", reason: "fraud")),
        ("retentionHeld without a reason", .retentionHeld(name: "a", reason: nil)),
        ("retentionReleased", .retentionReleased(name: "case-4711", reason: "settled")),
    ]

    static let existingOrdinal = OperationOrdinal(1)
}
