import Logging

/// Passes on what is logged, except while its context replays: each message then appears once, however often the
/// handler runs.
struct ReplayAwareLogHandler: LogHandler {
    private var base: any LogHandler
    private let replay: ReplayFlag

    init(_ base: any LogHandler, replay: ReplayFlag) {
        self.base = base
        self.replay = replay
    }

    var logLevel: Logger.Level {
        get { base.logLevel }
        set { base.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { base.metadata }
        set { base.metadata = newValue }
    }

    var metadataProvider: Logger.MetadataProvider? {
        get { base.metadataProvider }
        set { base.metadataProvider = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { base[metadataKey: key] }
        set { base[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        guard !replay.isReplaying else { return }
        base.log(event: event)
    }
}
