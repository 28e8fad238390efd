import Indelible
import Synchronization
import Tracing

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The spans of one invocation.
///
/// Those of the invocation and of bodies are live. That of an operation is made when it has ended, with the recorded times:
/// it may have started in another process.
final class TracingObserver: DurableObserver {
    private let invocation: ObservedInvocation
    private let trace: ExecutionTrace
    private let tracer: any Tracer
    private let now: @Sendable () -> SpanInstant
    private let state = Mutex(State())

    private struct State {
        var invocationSpan: (any Span)?
        /// When operations began, as far as this invocation knows.
        var starts: [String: SpanInstant] = [:]
        var bodySpans: [String: any Span] = [:]
        /// When the last body of an operation ended. The record's times are cut to milliseconds.
        var bodyEnds: [String: SpanInstant] = [:]
    }

    init(
        _ invocation: ObservedInvocation, _ trace: ExecutionTrace, tracer: any Tracer,
        now: @escaping @Sendable () -> SpanInstant
    ) {
        self.invocation = invocation
        self.trace = trace
        self.tracer = tracer
        self.now = now
    }

    // MARK: The invocation

    func invocationStarted(_ invocation: ObservedInvocation) {
        let span = start(
            "Invocation", under: trace.workflowID, id: trace.invocationID(invocation.requestID), at: now())
        span.attributes["durable.invocation.first"] = invocation.isFirst
        state.withLock { $0.invocationSpan = span }
    }

    func invocationEnded(
        _ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome, error: RecordedError?
    ) {
        let end = now()
        let span = state.withLock { state in
            defer { state.invocationSpan = nil }
            return state.invocationSpan
        }
        let status = status(of: outcome, error)
        if let span {
            span.attributes["durable.invocation.status"] = outcome.description
            finish(span, status, error, at: end)
        }
        guard outcome == .succeeded || outcome == .failed else { return }
        let workflow = start(
            "Workflow", under: trace.ancestorID, id: trace.workflowID,
            at: SpanInstant(invocation.executionStartTime))
        workflow.attributes["durable.execution.status"] = outcome.description
        finish(workflow, status, error, at: end)
    }

    private func status(of outcome: ObservedInvocation.Outcome, _ error: RecordedError?) -> SpanStatus? {
        switch outcome {
        case .succeeded, .pending: SpanStatus(code: .ok)
        case .failed: SpanStatus(code: .error, message: error?.message)
        // Nothing is known of the execution by it.
        default: nil
        }
    }

    // MARK: Operations

    func operationStarted(_ operation: ObservedOperation) {
        let start = operation.startTime.map { SpanInstant($0) } ?? now()
        state.withLock { $0.starts[operation.id] = start }
    }

    func operationEnded(_ operation: ObservedOperation) {
        let (known, bodyEnd) = state.withLock { state in
            (state.starts.removeValue(forKey: operation.id), state.bodyEnds.removeValue(forKey: operation.id))
        }
        guard operation.isRecorded, !invocation.sawEnd(of: operation) else { return }
        let current = now()
        let start = operation.startTime.map { SpanInstant($0) } ?? known ?? current
        let end = max(operation.endTime.map { SpanInstant($0) } ?? current, bodyEnd ?? start, start)
        let span = self.start(
            operation.title, under: parentID(of: operation), id: trace.operationID(operation.id), at: start)
        describe(operation, on: span)
        span.attributes["durable.operation.status"] = operation.status
        if let invocationSpan = state.withLock({ $0.invocationSpan }) {
            span.addLink(SpanLink(context: invocationSpan.context, attributes: [:]))
        }
        var status: SpanStatus?
        if let error = operation.error {
            status = SpanStatus(code: .error, message: error.message)
        } else if operation.status == "SUCCEEDED" {
            status = SpanStatus(code: .ok)
        }
        finish(span, status, operation.error, at: end)
    }

    private func parentID(of operation: ObservedOperation) -> String {
        operation.parentID.map { trace.operationID($0) } ?? trace.workflowID
    }

    func traceHeader(for operation: ObservedOperation) -> String? {
        "\(trace.parent(trace.operationID(operation.id)))"
    }

    // MARK: Bodies

    func bodyStarted(_ body: ObservedBody) {
        let operation = body.operation
        // What leaves no record has no span of its own: its runs stand for it.
        let parent = operation.isRecorded ? trace.operationID(operation.id) : parentID(of: operation)
        let span = start("\(operation.title) attempt \(body.attempt)", under: parent, id: nil, at: now())
        describe(operation, on: span)
        span.attributes["durable.attempt.number"] = Int64(body.attempt)
        state.withLock { $0.bodySpans[operation.id] = span }
    }

    func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError?) {
        let end = now()
        let span = state.withLock { state in
            state.bodyEnds[body.operation.id] = end
            return state.bodySpans.removeValue(forKey: body.operation.id)
        }
        guard let span else { return }
        span.attributes["durable.attempt.outcome"] = outcome.description
        var status: SpanStatus?
        switch outcome {
        case .succeeded: status = SpanStatus(code: .ok)
        case .failed: status = SpanStatus(code: .error, message: error?.message)
        default: break
        }
        finish(span, status, error, at: end)
    }

    /// So that spans of user code hang on that of the attempt.
    nonisolated(nonsending) func surround(
        _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
    ) async {
        guard let span = state.withLock({ $0.bodySpans[body.operation.id] }) else { return await run() }
        await ServiceContext.$current.withValue(span.context) { await run() }
    }

    // MARK: Spans

    /// - Parameter id: What the span is to be called, where the tracer asks.
    private func start(_ name: String, under parent: String, id: String?, at start: SpanInstant) -> any Span {
        var context = ServiceContext.topLevel
        tracer.extract([TraceParent.key: "\(trace.parent(parent))"], into: &context, using: Headers())
        let span: any Span = DurableSpanID.$next.withValue(id) {
            tracer.startSpan(name, context: context, ofKind: .internal, at: start)
        }
        span.attributes["durable.execution.arn"] = trace.arn
        return span
    }

    private func describe(_ operation: ObservedOperation, on span: any Span) {
        span.updateAttributes { attributes in
            attributes["durable.operation.id"] = operation.id
            attributes["durable.operation.type"] = operation.type
            if let subType = operation.subType { attributes["durable.operation.subtype"] = subType }
            if let name = operation.name { attributes["durable.operation.name"] = name }
        }
    }

    private func finish(_ span: any Span, _ status: SpanStatus?, _ error: RecordedError?, at end: SpanInstant) {
        if let status { span.setStatus(status) }
        if let error { span.recordError(error, attributes: [:], at: end) }
        span.end(at: end)
    }
}

/// Headers as a dictionary, by keys in lower case.
struct Headers: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key.lowercased()] }

    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key.lowercased()] = value
    }
}

extension ObservedInvocation {
    /// Whether an earlier invocation has seen the operation's end: that of a context whose body runs on every replay is told
    /// each time.
    func sawEnd(of operation: ObservedOperation) -> Bool {
        guard operation.isReplayed, let end = operation.endTime, end < startTime else { return false }
        return !updatedOperations.contains { $0.id == operation.id }
    }
}

extension ObservedOperation {
    /// What a person calls it.
    var title: String { name ?? subType ?? type }
}

extension SpanInstant {
    init(_ date: Date) {
        // The record's times are whole milliseconds, which a date holds inexactly.
        self.init(nanosecondsSinceEpoch: UInt64(max(0, (date.timeIntervalSince1970 * 1_000).rounded())) * 1_000_000)
    }
}
