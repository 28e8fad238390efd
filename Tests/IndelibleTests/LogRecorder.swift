import Indelible
import Logging
import Synchronization

/// Keeps what is logged.
final class LogRecorder: Sendable {
    struct Message {
        var text: String
        var metadata: [String: String]
    }

    private let kept = Mutex<[Message]>([])

    var messages: [Message] { kept.withLock { $0 } }

    /// Options of an engine that logs here.
    var options: EngineOptions {
        EngineOptions(segmentSizes: [256 << 10], logger: Logger(label: "test") { _ in Handler(recorder: self) })
    }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            let message = Message(text: "\(event.message)", metadata: all.mapValues { "\($0)" })
            recorder.kept.withLock { $0.append(message) }
        }
    }
}
