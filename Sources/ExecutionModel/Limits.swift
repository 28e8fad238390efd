/// What may not be passed, and at which figure. SPEC.md, "Limits", is the authority.
package struct Limits: Hashable, Sendable {
    /// Bytes of one payload: an input, a result, a poll's state.
    package var payloadLengthMax: Int
    /// Bytes of one checkpoint, which becomes one append: payloads, errors, and ``updateOverhead`` for each update.
    package var checkpointLengthMax: Int
    /// Bytes of one recorded error: its parts together, and two for each line of its stack trace.
    package var errorLengthMax: Int
    /// Bytes of an error that comes from outside: of a callback's failure, of a stop.
    package var externalErrorLengthMax: Int
    /// Bytes of a callback's result.
    package var callbackResultLengthMax: Int
    /// Bytes of what a chained invoke passes to its function, and gets back.
    package var chainedPayloadLengthMax: Int
    /// Operations of one execution as AWS meters them: rows, retries and polls. Nil: no limit.
    package var operationCountMax: Int?
    /// Bytes of payloads and errors that one execution may record. Nil: no limit.
    package var recordedBytesMax: Int?
    /// The longest wait, delay of an attempt and timeout of an execution.
    package var delayMax: Milliseconds
    /// The longest timeout and heartbeat timeout of a callback.
    package var callbackTimeoutMax: Milliseconds
    /// Whether delays are whole seconds of at least 1; otherwise any number of milliseconds above zero.
    package var wholeSeconds: Bool
    /// Failed invocations in a row after which the execution fails. Nil: it is tried for ever.
    package var failedInvocationCountMax: Int?
    /// Invocations in a row that suspended with nothing pending, after which the execution fails.
    package var refusedInvocationCountMax: Int

    /// The embedded engine's: as wide as the log allows. A payload leaves room in the log's record of 16 MiB, a checkpoint
    /// in its append of 32 MiB.
    package static let embedded = Limits(
        payloadLengthMax: 15 << 20, checkpointLengthMax: 24 << 20, errorLengthMax: 1 << 20,
        externalErrorLengthMax: 1 << 20,
        callbackResultLengthMax: 15 << 20, chainedPayloadLengthMax: 15 << 20,
        operationCountMax: nil, recordedBytesMax: nil, delayMax: Milliseconds(100 * 366 * 86_400_000),
        callbackTimeoutMax: Milliseconds(100 * 366 * 86_400_000),
        wholeSeconds: false, failedInvocationCountMax: nil, refusedInvocationCountMax: 3)

    /// AWS Lambda's.
    package static let aws = Limits(
        payloadLengthMax: 6 << 20, checkpointLengthMax: 6 << 20, errorLengthMax: 32_768,
        externalErrorLengthMax: 1 << 20,
        callbackResultLengthMax: 1 << 20, chainedPayloadLengthMax: 1 << 20,
        operationCountMax: 3_000, recordedBytesMax: 100 << 20, delayMax: Milliseconds(31_622_400_000),
        callbackTimeoutMax: Milliseconds(99_999_999_000),
        wholeSeconds: true, failedInvocationCountMax: nil, refusedInvocationCountMax: 3)

    /// What an update counts for beside its payload and error: its ids, sub type and name are never longer.
    package static let updateOverhead = 384
    /// What a checkpoint completes of what is due, beside its updates; the rest is completed by the next, or by the timers.
    package static let dueEventsPerCheckpoint = 8
    /// What such an event takes at most.
    package static let dueEventLengthMax = 128
    /// Characters of an operation's id: `[a-zA-Z0-9-_]`.
    package static let operationIDLengthMax = 64
    /// Characters of an operation's name: printable ASCII.
    package static let operationNameLengthMax = 256
    /// Characters of a sub type: `[a-zA-Z0-9-_]`.
    package static let subTypeLengthMax = 32
    /// Characters of an execution's name: `[a-zA-Z0-9-_]`.
    package static let executionNameLengthMax = 64
    /// Characters of a function's name: `[a-zA-Z0-9-_]`.
    package static let functionNameLengthMax = 140
    /// Characters of a version: `$LATEST`, or digits.
    package static let versionLengthMax = 32
    /// Characters of the reason for a pause, a resumption, a cancellation, and a hold or its release.
    package static let reasonLengthMax = 1_024
    /// Characters of the name of a hold: `[a-zA-Z0-9-_]`.
    package static let holdNameLengthMax = 64
    /// Holds that may be on an execution at a time.
    package static let holdCountMax = 64
    /// Characters of a tenant's id.
    package static let tenantIDLengthMax = 256
    /// Characters of a trace header.
    package static let traceHeaderLengthMax = 8_192
}
