import ExecutionModel
import Logging
import Synchronization

/// The observers of one invocation, shielded: what they throw is logged, and changes nothing.
struct Instruments: Sendable {
    let invocation: ObservedInvocation
    private let observers: [Shielded]
    private let warnings: Warnings

    /// An observer, and its plugin's place among the plugins.
    private struct Shielded {
        let place: Int
        let observer: any DurableObserver
    }

    /// Nil: there are no plugins.
    ///
    /// - Parameter payload: What the execution was started with.
    init?(_ input: HandlerInput, isFirst: Bool, payload: [UInt8]?) {
        guard !input.environment.plugins.isEmpty else { return nil }
        let invocation = ObservedInvocation(input, isFirst: isFirst, payload: payload)
        let warnings = Warnings(logger: input.environment.logger, invocation: invocation)
        self.invocation = invocation
        self.warnings = warnings
        observers = input.environment.plugins.enumerated().compactMap { place, plugin in
            do {
                return Shielded(place: place, observer: try plugin.observer(of: invocation))
            } catch {
                warnings.note(error, of: plugin, place, at: "observer(of:)")
                return nil
            }
        }
    }

    /// Says that a plugin failed, once for each of its methods: a plugin that fails at every message must not double the log.
    private final class Warnings: Sendable {
        private let logger: Logger
        private let invocation: ObservedInvocation
        private let noted = Mutex<Set<String>>([])

        init(logger: Logger, invocation: ObservedInvocation) {
            self.logger = logger
            self.invocation = invocation
        }

        func note(_ error: any Error, of plugin: Any, _ place: Int, at moment: String) {
            guard noted.withLock({ $0.insert("\(place) \(moment)").inserted }) else { return }
            logger.warning(
                "a plugin failed and was ignored: \(type(of: plugin)) in \(moment): \(error)",
                metadata: ["execution-arn": "\(invocation.executionARN)", "request-id": "\(invocation.requestID)"])
        }
    }

    private func tell(_ moment: String, _ body: (any DurableObserver) throws -> Void) {
        for shielded in observers {
            do { try body(shielded.observer) } catch {
                warnings.note(error, of: shielded.observer, shielded.place, at: moment)
            }
        }
    }

    func invocationStarted() async {
        for shielded in observers {
            do { try await shielded.observer.invocationStarted(invocation) } catch {
                warnings.note(error, of: shielded.observer, shielded.place, at: "invocationStarted")
            }
        }
    }

    func invocationEnded(_ outcome: HandlerOutcome) async {
        let (outcome, error) = (ObservedInvocation.Outcome(outcome), outcome.recordedError)
        for shielded in observers {
            do { try await shielded.observer.invocationEnded(invocation, as: outcome, error: error) } catch {
                warnings.note(error, of: shielded.observer, shielded.place, at: "invocationEnded")
            }
        }
    }

    func operationStarted(_ operation: ObservedOperation) {
        tell("operationStarted") { try $0.operationStarted(operation) }
    }

    func operationEnded(_ operation: ObservedOperation) {
        tell("operationEnded") { try $0.operationEnded(operation) }
    }

    func operationsChanged(_ rows: [Operation]) {
        let operations = rows.filter { $0.identity.type != .execution }.map { ObservedOperation($0, isReplayed: false) }
        guard !operations.isEmpty else { return }
        tell("operationsChanged") { try $0.operationsChanged(operations) }
    }

    func bodyStarted(_ body: ObservedBody) {
        tell("bodyStarted") { try $0.bodyStarted(body) }
    }

    func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError? = nil) {
        tell("bodyEnded") { try $0.bodyEnded(body, as: outcome, error: error) }
    }

    /// Runs user code with everything that observers put around it. What it throws passes unchanged.
    nonisolated(nonsending) func surrounding<Result>(
        _ body: ObservedBody, _ run: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        try await surrounded(observers[...], body, run)
    }

    private nonisolated(nonsending) func surrounded<Value>(
        _ rest: ArraySlice<Shielded>, _ body: ObservedBody,
        _ run: nonisolated(nonsending) () async throws -> Value
    ) async throws -> Value {
        guard let shielded = rest.first else { return try await run() }
        var hasRun = false
        var outcome: Result<Value, any Error>?
        do {
            try await shielded.observer.surround(body) {
                // A second call would run user code twice.
                guard !hasRun else { return }
                hasRun = true
                do {
                    outcome = .success(try await surrounded(rest.dropFirst(), body, run))
                } catch {
                    outcome = .failure(error)
                }
            }
        } catch {
            warnings.note(error, of: shielded.observer, shielded.place, at: "surround")
        }
        if let outcome { return try outcome.get() }
        return try await surrounded(rest.dropFirst(), body, run)
    }

    func traceHeader(for operation: ObservedOperation) -> String? {
        for shielded in observers {
            do {
                if let header = try shielded.observer.traceHeader(for: operation) { return header }
            } catch {
                warnings.note(error, of: shielded.observer, shielded.place, at: "traceHeader")
            }
        }
        return nil
    }

    func logMetadata(for body: ObservedBody?) -> Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        tell("logMetadata") { observer in
            metadata.merge(try observer.logMetadata(for: body)) { _, newer in newer }
        }
        return metadata
    }
}
