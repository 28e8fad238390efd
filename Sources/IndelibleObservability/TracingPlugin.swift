import Indelible
import Tracing

/// Makes spans of executions, with any tracer that knows W3C Trace Context.
///
/// ```swift
/// var options = EngineOptions()
/// options.plugins = [TracingPlugin()]
/// ```
///
/// An execution is one trace, however often it is invoked and wherever: the one that it was started in
/// (`traceHeader: "00-…"`), or one whose id follows from its ARN. What it looks like is said in <doc:IndelibleObservability>.
public struct TracingPlugin: DurablePlugin {
    private let tracer: (any Tracer)?
    private let sampledShare: Double
    private let now: @Sendable () -> SpanInstant

    /// - Parameters:
    ///   - tracer: Nil: the one that the process was bootstrapped with.
    ///   - sampledShare: Which share of the executions to sample, 0 to 1, that are started in no trace. All invocations of
    ///     one agree. It is up to the tracer to heed it.
    public init(tracer: (any Tracer)? = nil, sampledShare: Double = 1) {
        self.init(tracer: tracer, sampledShare: sampledShare) { DefaultTracerClock.now.nanosecondsSinceEpoch }
    }

    /// - Parameter now: Nanoseconds since the epoch.
    package init(tracer: (any Tracer)? = nil, sampledShare: Double = 1, now: @escaping @Sendable () -> UInt64) {
        precondition((0...1).contains(sampledShare), "a share is 0 to 1")
        self.tracer = tracer
        self.sampledShare = sampledShare
        self.now = { SpanInstant(nanosecondsSinceEpoch: now()) }
    }

    public func observer(of invocation: ObservedInvocation) -> any DurableObserver {
        TracingObserver(
            invocation, ExecutionTrace(invocation, sampledShare: sampledShare),
            tracer: tracer ?? InstrumentationSystem.tracer, now: now)
    }
}

/// The id that the next span is to have: for a tracer that can choose it.
///
/// The spans of operations hang on one another over many invocations and processes, by ids that follow from the execution.
/// A tracer whose id generator asks here, and makes up an id only when the answer is nil, gives them these ids; then each
/// span's parent is there. Any other tracer puts the same spans into the same trace, under parents that are not.
///
/// ```swift
/// mutating func nextSpanID() -> SpanID { DurableSpanID.next.map(SpanID.init) ?? .random() }
/// ```
public enum DurableSpanID {
    /// 16 lower-case hexadecimal digits, while such a span is being started; nil otherwise.
    @TaskLocal public static var next: String?
}

/// A moment of the engine's clock, or of the tracer's.
struct SpanInstant: TracerInstant {
    let nanosecondsSinceEpoch: UInt64

    static func < (left: SpanInstant, right: SpanInstant) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}
