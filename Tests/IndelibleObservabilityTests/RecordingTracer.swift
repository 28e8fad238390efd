import Indelible
import IndelibleObservability
import Synchronization
import Tracing

/// A tracer that keeps its spans, with W3C Trace Context and ids that count up.
final class RecordingTracer: Tracer {
    /// A span as it was when it ended.
    struct Finished: Sendable {
        var name: String
        var traceID: String
        var id: String
        var parentID: String?
        var isSampled: Bool
        var start: UInt64
        var end: UInt64
        var attributes: [String: String]
        var status: SpanStatus?
        var links: [String]
        var errors: [String]
    }

    /// Where a span is: what `traceparent` says.
    struct Position: Sendable, Equatable {
        var traceID: String
        var spanID: String
        var isSampled: Bool
    }

    private let choosesIDs: Bool
    private let state = Mutex(State())

    private struct State {
        var count = 0
        var openCount = 0
        var finished: [Finished] = []
    }

    /// - Parameter choosesIDs: Whether spans get the ids that they are to have.
    init(choosesIDs: Bool = true) {
        self.choosesIDs = choosesIDs
    }

    var finished: [Finished] { state.withLock { $0.finished } }
    /// Spans that have started and not ended.
    var openCount: Int { state.withLock { $0.openCount } }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> RecordingSpan {
        var context = context()
        let parent = context.position
        let number = state.withLock { state in
            state.count += 1
            state.openCount += 1
            return state.count
        }
        let id = (choosesIDs ? DurableSpanID.next : nil) ?? Self.digits(number, 16)
        let traceID = parent?.traceID ?? Self.digits(number, 32)
        context.position = Position(traceID: traceID, spanID: id, isSampled: parent?.isSampled ?? true)
        let finished = Finished(
            name: operationName, traceID: traceID, id: id, parentID: parent?.spanID,
            isSampled: parent?.isSampled ?? true, start: instant().nanosecondsSinceEpoch, end: 0, attributes: [:],
            status: nil, links: [], errors: [])
        return RecordingSpan(finished, context) { ended in
            self.state.withLock { state in
                state.openCount -= 1
                state.finished.append(ended)
            }
        }
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: count - digits.count) + digits
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let header = extractor.extract(key: "traceparent", from: carrier) else { return }
        let parts = header.split(separator: "-").map(String.init)
        context.position = Position(traceID: parts[1], spanID: parts[2], isSampled: parts[3] == "01")
    }

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
        guard let position = context.position else { return }
        let header = "00-\(position.traceID)-\(position.spanID)-\(position.isSampled ? "01" : "00")"
        injector.inject(header, forKey: "traceparent", into: &carrier)
    }
}

final class RecordingSpan: Span {
    let context: ServiceContext
    private let state: Mutex<(span: RecordingTracer.Finished, attributes: SpanAttributes)>
    private let finish: @Sendable (RecordingTracer.Finished) -> Void

    init(
        _ span: RecordingTracer.Finished, _ context: ServiceContext,
        finish: @escaping @Sendable (RecordingTracer.Finished) -> Void
    ) {
        self.context = context
        self.finish = finish
        state = Mutex((span, [:]))
    }

    var operationName: String {
        get { state.withLock { $0.span.name } }
        set { state.withLock { $0.span.name = newValue } }
    }

    var attributes: SpanAttributes {
        get { state.withLock { $0.attributes } }
        set { state.withLock { $0.attributes = newValue } }
    }

    var isRecording: Bool { true }

    func setStatus(_ status: SpanStatus) { state.withLock { $0.span.status = status } }
    func addEvent(_ event: SpanEvent) {}
    func addLink(_ link: SpanLink) { state.withLock { $0.span.links.append(link.context.position?.spanID ?? "") } }

    func recordError<Instant: TracerInstant>(
        _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
    ) {
        state.withLock { $0.span.errors.append("\(error)") }
    }

    func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
        let end = instant().nanosecondsSinceEpoch
        let ended = state.withLock { state in
            state.span.end = end
            state.attributes.forEach { key, value in
                switch value {
                case .string(let text): state.span.attributes[key] = text
                case .bool(let flag): state.span.attributes[key] = "\(flag)"
                case .int64(let number): state.span.attributes[key] = "\(number)"
                default: state.span.attributes[key] = "\(value)"
                }
            }
            return state.span
        }
        finish(ended)
    }
}

private enum PositionKey: ServiceContextKey {
    typealias Value = RecordingTracer.Position
}

extension ServiceContext {
    var position: RecordingTracer.Position? {
        get { self[PositionKey.self] }
        set { self[PositionKey.self] = newValue }
    }
}
