import ExecutionEngine
import ExecutionModel
import Logging

/// The observers of one invocation, shielded: what they throw is logged, and changes nothing.
struct Instruments: Sendable {
    let invocation: ObservedInvocation
    private let observers: [any DurableObserver]
    private let logger: Logger

    init(_ input: HandlerInput, isFirst: Bool) {
        let invocation = ObservedInvocation(input, isFirst: isFirst)
        let logger = input.environment.logger
        self.invocation = invocation
        self.logger = logger
        observers = input.environment.plugins.compactMap { plugin in
            do {
                return try plugin.observer(of: invocation)
            } catch {
                Self.note(error, of: plugin, at: "observer(of:)", logger, invocation)
                return nil
            }
        }
    }

    var isEmpty: Bool { observers.isEmpty }

    private static func note(
        _ error: any Error, of plugin: Any, at moment: String, _ logger: Logger, _ invocation: ObservedInvocation
    ) {
        logger.warning(
            "a plugin failed and was ignored: \(type(of: plugin)) in \(moment): \(error)",
            metadata: ["execution-arn": "\(invocation.executionARN)", "request-id": "\(invocation.requestID)"])
    }

    private func tell(_ moment: String, _ body: (any DurableObserver) throws -> Void) {
        for observer in observers {
            do { try body(observer) } catch { Self.note(error, of: observer, at: moment, logger, invocation) }
        }
    }

    func invocationStarted() async {
        for observer in observers {
            do {
                try await observer.invocationStarted(invocation)
            } catch { Self.note(error, of: observer, at: "invocationStarted", logger, invocation) }
        }
    }

    func invocationEnded(_ outcome: HandlerOutcome) async {
        for observer in observers {
            do {
                try await observer.invocationEnded(invocation, as: ObservedInvocation.Outcome(outcome))
            } catch { Self.note(error, of: observer, at: "invocationEnded", logger, invocation) }
        }
    }

    func operationStarted(_ operation: ObservedOperation) {
        tell("operationStarted") { try $0.operationStarted(operation) }
    }

    func operationEnded(_ operation: ObservedOperation) {
        tell("operationEnded") { try $0.operationEnded(operation) }
    }

    func operationsChanged(_ rows: [Operation]) {
        let operations = rows.lazy.filter { $0.identity.type != .execution }.map {
            ObservedOperation($0, isReplayed: false)
        }
        guard !operations.isEmpty else { return }
        let all = Array(operations)
        tell("operationsChanged") { try $0.operationsChanged(all) }
    }

    /// Runs user code with everything that observers put around it. What it throws passes unchanged.
    nonisolated(nonsending) func observing<Result>(
        _ body: ObservedBody, isIncomplete: (any Error) -> Bool,
        _ run: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        tell("bodyStarted") { try $0.bodyStarted(body) }
        do {
            let result = try await surrounded(observers[...], body, run)
            tell("bodyEnded") { try $0.bodyEnded(body, as: .succeeded) }
            return result
        } catch {
            let outcome: ObservedBody.Outcome = isIncomplete(error) ? .incomplete : .failed
            tell("bodyEnded") { try $0.bodyEnded(body, as: outcome) }
            throw error
        }
    }

    private nonisolated(nonsending) func surrounded<Value>(
        _ rest: ArraySlice<any DurableObserver>, _ body: ObservedBody,
        _ run: nonisolated(nonsending) () async throws -> Value
    ) async throws -> Value {
        guard let observer = rest.first else { return try await run() }
        var outcome: Result<Value, any Error>?
        do {
            try await observer.surround(body) {
                // A second call would run user code twice.
                guard outcome == nil else { return }
                do {
                    outcome = .success(try await surrounded(rest.dropFirst(), body, run))
                } catch {
                    outcome = .failure(error)
                }
            }
        } catch {
            Self.note(error, of: observer, at: "surround", logger, invocation)
        }
        if let outcome { return try outcome.get() }
        return try await surrounded(rest.dropFirst(), body, run)
    }

    func traceHeader(for operation: ObservedOperation) -> String? {
        for observer in observers {
            do {
                if let header = try observer.traceHeader(for: operation) { return header }
            } catch { Self.note(error, of: observer, at: "traceHeader", logger, invocation) }
        }
        return nil
    }

    func logMetadata(for operation: ObservedOperation?) -> Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        tell("logMetadata") { observer in
            metadata.merge(try observer.logMetadata(for: operation)) { _, newer in newer }
        }
        return metadata
    }
}
