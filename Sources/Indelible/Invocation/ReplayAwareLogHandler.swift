import Logging

/// Passes on what is logged, except while its context replays: each message then appears once, however often the
/// handler runs. It adds which invocation the message is from, since a handler may live through several.
struct ReplayAwareLogHandler: LogHandler {
    private var base: any LogHandler
    private let run: HandlerRun
    /// Whose logger it is; nil: the handler's.
    private let body: ObservedBody?
    /// Nil: everything is passed on.
    private let replay: ReplayFlag?

    init(_ base: any LogHandler, run: HandlerRun, body: ObservedBody?, replay: ReplayFlag?) {
        self.base = base
        self.run = run
        self.body = body
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
        guard !(replay?.isReplaying ?? false) else { return }
        var added: Logger.Metadata = ["request-id": "\(run.requestID)"]
        run.observe { instruments in
            added.merge(instruments.logMetadata(for: body)) { _, newer in newer }
        }
        var event = event
        // What the message itself says wins.
        event.metadata = added.merging(event.metadata ?? [:]) { _, message in message }
        base.log(event: event)
    }
}

extension HandlerRun {
    /// The logger of the handler, of a context's operations, or of an operation's body.
    func logger(for body: ObservedBody?, replay: ReplayFlag?) -> Logger {
        var logger = environment.logger
        logger[metadataKey: "function"] = "\(execution.function)"
        logger[metadataKey: "execution"] = "\(execution.name)"
        logger[metadataKey: "execution-arn"] = "\(execution.arn)"
        if let tenantID = execution.tenantID { logger[metadataKey: "tenant-id"] = "\(tenantID)" }
        logger.handler = ReplayAwareLogHandler(logger.handler, run: self, body: body, replay: replay)
        return logger
    }
}
