import ExecutionModel
import Indelible

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The trace that an execution is in, and the ids of its spans: the same in every invocation and every process, since they
/// follow from the execution's ARN and its start.
///
///     trace               the starter's; without one, the start's epoch seconds in 8 digits and 24 of the ARN's hash
///     Workflow            workflow:<arn>
///     an invocation       invocation:<arn>:<request id>
///     an operation        <arn>:<operation id>
///     what all hang on    the starter's span; without one, execution-root:<arn>, which nobody emits
///
/// A span's id is the first 16 digits of the hash of that text: SipHash-2-4-128 under a key of zeros.
struct ExecutionTrace: Sendable {
    let arn: String
    let traceID: String
    /// The span that the execution's own hangs on.
    let ancestorID: String
    let isSampled: Bool

    /// - Parameter sampledShare: Which share of the executions is sampled that nobody has decided on.
    init(_ invocation: ObservedInvocation, sampledShare: Double = 1) {
        arn = invocation.executionARN
        if let starter = invocation.traceHeader.flatMap(TraceParent.init) {
            traceID = starter.traceID
            ancestorID = starter.parentID
            isSampled = starter.isSampled
            return
        }
        let seconds = UInt32(truncatingIfNeeded: Int(invocation.executionStartTime.timeIntervalSince1970))
        let digits = String(seconds, radix: 16)
        let hash = Self.hash(arn)
        traceID = String(repeating: "0", count: 8 - digits.utf8.count) + digits + hash.prefix(24)
        ancestorID = Self.spanID("execution-root:\(arn)")
        // By other digits than the trace's, which a back end may sample by.
        isSampled = Double(UInt32(hash.suffix(8), radix: 16) ?? 0) < sampledShare * 0x1p32
    }

    var workflowID: String { Self.spanID("workflow:\(arn)") }

    func invocationID(_ requestID: String) -> String { Self.spanID("invocation:\(arn):\(requestID)") }

    func operationID(_ id: String) -> String { Self.spanID("\(arn):\(id)") }

    /// What makes a span hang on another.
    func parent(_ spanID: String) -> TraceParent {
        TraceParent(traceID: traceID, parentID: spanID, isSampled: isSampled)
    }

    private static func hash(_ text: String) -> String {
        "\(SipHash128(of: text.utf8, key: RandomBits(high: 0, low: 0)).digest)"
    }

    private static func spanID(_ text: String) -> String {
        let id = hash(text).prefix(16)
        // All zeros would be no id.
        return id.contains { $0 != "0" } ? String(id) : "0000000000000001"
    }
}
