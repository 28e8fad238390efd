import Foundation
import Tracing

/// Spans as a tree of text, one line each, those below the same parent in the order of their start.
struct SpanTree {
    let lines: [String]
    /// Spans whose parent is neither among them nor the one given.
    let orphans: [String]

    /// - Parameters:
    ///   - root: What the first ones hang on.
    ///   - origin: What times are counted from, in seconds.
    init(_ spans: [RecordingTracer.Finished], below root: String?, from origin: Date) {
        let start = UInt64(origin.timeIntervalSince1970) * 1_000_000_000
        func line(_ span: RecordingTracer.Finished) -> String {
            let times = [span.start, span.end].map { "\((Double($0) - Double(start)) / 1_000_000_000)" }
            let keys = [
                "durable.execution.status", "durable.invocation.status", "durable.operation.status",
                "durable.attempt.outcome",
            ]
            let status = keys.compactMap { span.attributes[$0] }.joined(separator: " ")
            let code = span.status.map { $0.code == .ok ? " ok" : " error(\($0.message ?? ""))" } ?? ""
            return "\(span.name) \(times.joined(separator: "–")) \(status)\(code)"
        }
        func below(_ parent: String?, _ indent: String) -> [String] {
            let children = spans.enumerated().filter { $0.element.parentID == parent }
                .sorted {
                    ($0.element.start, $0.element.name, $0.offset) < ($1.element.start, $1.element.name, $1.offset)
                }
            return children.flatMap { [indent + line($0.element)] + below($0.element.id, indent + "  ") }
        }
        lines = below(root, "")
        let ids = Set(spans.map(\.id))
        orphans = spans.filter { $0.parentID != root && !ids.contains($0.parentID ?? "") }.map(\.name)
    }
}
