import Indelible
import Logging
import Tracing

/// Adds to each message of a handler's and its bodies' loggers where in the execution's trace it is from.
///
/// | key | value |
/// |---|---|
/// | `trace_id` | the execution's trace |
/// | `span_id` | the span that is current where it is logged; without one, that of the operation, or of the invocation |
/// | `operation-id`, `operation-name`, `attempt` | of the body, or of the context, whose logger it is |
///
/// The ids are those of ``TracingPlugin``, and the same whether that is used or not. Which span is current only a tracer
/// knows that propagates W3C Trace Context.
public struct LogCorrelationPlugin: DurablePlugin {
    private let tracer: (any Tracer)?

    /// - Parameter tracer: Nil: the one that the process was bootstrapped with.
    public init(tracer: (any Tracer)? = nil) {
        self.tracer = tracer
    }

    public func observer(of invocation: ObservedInvocation) -> any DurableObserver {
        Observer(
            trace: ExecutionTrace(invocation), requestID: invocation.requestID,
            tracer: tracer ?? InstrumentationSystem.tracer)
    }

    private struct Observer: DurableObserver {
        let trace: ExecutionTrace
        let requestID: String
        let tracer: any Tracer

        func logMetadata(for body: ObservedBody?) -> Logger.Metadata {
            var metadata: Logger.Metadata = ["trace_id": "\(trace.traceID)"]
            let known = body.map { trace.operationID($0.operation.id) } ?? trace.invocationID(requestID)
            metadata["span_id"] = "\(currentSpanID ?? known)"
            if let body {
                metadata["operation-id"] = "\(body.operation.id)"
                if let name = body.operation.name { metadata["operation-name"] = "\(name)" }
                metadata["attempt"] = "\(body.attempt)"
            }
            return metadata
        }

        /// The span of this trace that the code runs in which logs.
        private var currentSpanID: String? {
            guard let context = ServiceContext.current else { return nil }
            var headers: [String: String] = [:]
            tracer.inject(context, into: &headers, using: Headers())
            guard let current = headers[TraceParent.key].flatMap(TraceParent.init), current.traceID == trace.traceID
            else { return nil }
            return current.parentID
        }
    }
}
