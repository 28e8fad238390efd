import Indelible
import IndelibleObservability
import IndelibleTesting
import Logging
import Synchronization
import Testing
import Tracing

/// Keeps each message with its metadata.
final class RecordingLog: Sendable {
    private let kept = Mutex<[(text: String, metadata: [String: String])]>([])

    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    /// The metadata of the message with this text.
    subscript(text: String) -> [String: String] {
        kept.withLock { $0.first { $0.text == text }?.metadata ?? [:] }
    }

    private struct Handler: LogHandler {
        let log: RecordingLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.kept.withLock { $0.append(("\(event.message)", all.mapValues { "\($0)" })) }
        }
    }
}

@Suite(.bothWays) struct LogCorrelationPluginTests {
    struct Flaky: Error {}

    static func function(_ tracer: RecordingTracer) -> DurableFunction<Void, Void> {
        DurableFunction("pay") { (context: DurableContext) in
            context.logger.info("handler")
            try await context.runInChildContext("outer") { context in
                context.logger.info("context")
                try await context.step("charge", retry: .fixed(delay: .seconds(1))) { step in
                    step.logger.info("attempt \(step.attempt)")
                    if step.attempt == 1 { throw Flaky() }
                    tracer.withSpan("http") { _ in step.logger.info("http") }
                }
            }
            context.logger.info("later")
        }
    }

    static func run(_ tracer: RecordingTracer, _ plugins: [any DurablePlugin]) async throws -> RecordingLog {
        let log = RecordingLog()
        let function = function(tracer)
        let test = try await TestEngine(
            functions: [function],
            options: EngineOptions(segmentSizes: [256 << 10], logger: log.logger, plugins: plugins))
        try await test.engine.start(function, name: "one").result()
        return log
    }

    @Test func `messages carry the span that they are logged in`() async throws {
        let tracer = RecordingTracer()
        let log = try await Self.run(tracer, [TracingPlugin(tracer: tracer), LogCorrelationPlugin(tracer: tracer)])
        func ids(_ name: String) -> [String] { tracer.finished.filter { $0.name == name }.map(\.id) }
        let invocations = ids("Invocation")
        #expect(log["handler"]["span_id"] == invocations.first)
        #expect(log["later"]["span_id"] == invocations.last)
        #expect(log["context"]["span_id"] == ids("outer attempt 1").first)
        #expect(log["attempt 1"]["span_id"] == ids("charge attempt 1").first)
        #expect(log["attempt 2"]["span_id"] == ids("charge attempt 2").first)
        #expect(log["http"]["span_id"] == ids("http").first)
        for text in ["handler", "context", "attempt 1", "attempt 2", "http", "later"] {
            #expect(log[text]["trace_id"] == tracer.finished.first?.traceID, "\(text)")
        }
    }

    @Test func `without a tracer they carry the same trace, and their operation`() async throws {
        let tracer = RecordingTracer()
        let traced = try await Self.run(tracer, [TracingPlugin(tracer: tracer), LogCorrelationPlugin(tracer: tracer)])
        let log = try await Self.run(RecordingTracer(), [LogCorrelationPlugin()])
        func id(_ name: String) -> String? { tracer.finished.first { $0.name == name }?.id }
        #expect(log["handler"]["trace_id"] == traced["handler"]["trace_id"])
        #expect(log["context"]["span_id"] == id("outer"))
        #expect(log["attempt 1"]["span_id"] == id("charge"))
        #expect(log["attempt 2"]["span_id"] == id("charge"))
    }

    @Test func `messages carry the operation, its name and the attempt`() async throws {
        let log = try await Self.run(RecordingTracer(), [LogCorrelationPlugin()])
        func keys(_ text: String) -> [String?] {
            ["operation-id", "operation-name", "attempt"].map { log[text][$0] }
        }
        #expect(keys("handler") == [nil, nil, nil])
        #expect(keys("context") == ["1", "outer", "1"])
        #expect(keys("attempt 1") == ["1-1", "charge", "1"])
        #expect(keys("attempt 2") == ["1-1", "charge", "2"])
    }

    @Test func `a span of another trace is not taken for one of this`() async throws {
        let (tracer, log) = (RecordingTracer(), RecordingLog())
        let function = DurableFunction("pay") { (context: DurableContext) in
            try await context.step { step in
                tracer.withSpan("elsewhere", context: .topLevel) { _ in step.logger.info("message") }
            }
        }
        let test = try await TestEngine(
            functions: [function],
            options: EngineOptions(
                segmentSizes: [256 << 10], logger: log.logger, plugins: [LogCorrelationPlugin(tracer: tracer)]))
        try await test.engine.start(function).result()
        let elsewhere = try #require(tracer.finished.first)
        #expect(log["message"]["trace_id"] != elsewhere.traceID)
        #expect(log["message"]["span_id"] != elsewhere.id)
    }
}
