import ExecutionEngine
import ExecutionModel

/// What executions may take, and what the engine refuses. What passes a limit is refused with an error that names it, and
/// nothing of it is recorded. SPEC.md 5.11 has every figure.
public struct EngineLimits: Sendable, Hashable {
    var limits: Limits
    /// What becomes of chained invokes of functions that nobody has registered.
    var unknownTargets: UnknownTargetPolicy

    /// As wide as the log allows: payloads of 15 MiB, any number of operations, delays from a millisecond to 100 years. A
    /// chained invoke of a function that is not registered waits for it.
    public static let embedded = EngineLimits(limits: .embedded, unknownTargets: .wait)

    /// AWS Lambda's, so that what runs here also runs there: payloads of 6 MiB, 1 MiB for callbacks and chained invokes, 3,000
    /// operations and 100 MiB for each execution, delays of whole seconds up to 366 days. A chained invoke of a function that
    /// is not registered fails.
    public static let aws = EngineLimits(limits: .aws, unknownTargets: .fail)

    /// Bytes of one payload: an input, a result, a condition's state. At most 15 MiB.
    public var payloadLengthMax: Int {
        get { limits.payloadLengthMax }
        set { limits.payloadLengthMax = Self.checked(newValue, atMost: 15 << 20) }
    }

    /// Bytes of a callback's result. At most 15 MiB.
    public var callbackResultLengthMax: Int {
        get { limits.callbackResultLengthMax }
        set { limits.callbackResultLengthMax = Self.checked(newValue, atMost: 15 << 20) }
    }

    /// Bytes of what a chained invoke passes to its function, and gets back. At most 15 MiB.
    public var chainedPayloadLengthMax: Int {
        get { limits.chainedPayloadLengthMax }
        set { limits.chainedPayloadLengthMax = Self.checked(newValue, atMost: 15 << 20) }
    }

    /// Operations of one execution, retries and polls counted. Nil: no limit.
    public var operationCountMax: Int? {
        get { limits.operationCountMax }
        set { limits.operationCountMax = newValue.map { Self.checked($0, atMost: .max) } }
    }

    /// Bytes of payloads and errors that one execution may record. Nil: no limit.
    public var recordedBytesMax: Int? {
        get { limits.recordedBytesMax }
        set { limits.recordedBytesMax = newValue.map { Self.checked($0, atMost: .max) } }
    }

    /// Failed invocations in a row after which an execution fails. Nil: it is tried for as long as it takes.
    public var failedInvocationCountMax: Int? {
        get { limits.failedInvocationCountMax }
        set { limits.failedInvocationCountMax = newValue.map { Self.checked($0, atMost: .max) } }
    }

    private static func checked(_ value: Int, atMost limit: Int) -> Int {
        precondition((1...limit).contains(value), "a limit of \(value): 1 to \(limit)")
        return value
    }
}
