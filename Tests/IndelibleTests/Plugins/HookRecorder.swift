import Indelible
import Logging
import Synchronization

/// Notes every hook in order, one line each: what an observer is told and when.
final class HookRecorder: DurablePlugin {
    private let name: String
    private let function: String?
    private let calls: Calls
    private let kept = Mutex(Kept())
    /// Asked at every hook, given its name.
    private let probe: @Sendable (String) throws -> Void

    struct Kept {
        var invocations: [ObservedInvocation] = []
        var started: [ObservedOperation] = []
        var ended: [ObservedOperation] = []
        var bodies: [ObservedBody] = []
        var errors: [RecordedError?] = []
    }

    /// - Parameter function: Whose invocations are observed; nil: all.
    init(
        _ name: String = "", of function: String? = nil, to calls: Calls = Calls(),
        probe: @escaping @Sendable (String) throws -> Void = { _ in }
    ) {
        self.name = name
        self.function = function
        self.calls = calls
        self.probe = probe
    }

    var lines: [String] { calls.all }
    var seen: Kept { kept.withLock { $0 } }

    /// Those lines that begin with one of these.
    func lines(_ prefixes: String...) -> [String] {
        lines.filter { line in prefixes.contains { line.hasPrefix($0) } }
    }

    func observer(of invocation: ObservedInvocation) throws -> any DurableObserver {
        struct Nobody: DurableObserver {}
        guard function == nil || function == invocation.functionName else { return Nobody() }
        try probe("observer")
        kept.withLock { $0.invocations.append(invocation) }
        return Observer(recorder: self)
    }

    private func note(_ hook: String, _ details: String, _ keep: (inout Kept) -> Void = { _ in }) throws {
        calls.note("\(name)\(hook) \(details)")
        kept.withLock { keep(&$0) }
        try probe(hook)
    }

    private static func title(_ operation: ObservedOperation) -> String {
        "\(operation.name ?? operation.subType ?? operation.type) \(operation.id)"
    }

    private struct Observer: DurableObserver {
        let recorder: HookRecorder

        func invocationStarted(_ invocation: ObservedInvocation) async throws {
            try recorder.note("invocation-start", "first=\(invocation.isFirst)")
        }

        func invocationEnded(
            _ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome, error: RecordedError?
        ) async throws {
            try recorder.note("invocation-end", "\(outcome)") { $0.errors.append(error) }
        }

        func operationStarted(_ operation: ObservedOperation) throws {
            let replayed = operation.isReplayed ? " replayed" : ""
            try recorder.note("operation-start", "\(title(operation)) \(operation.status)\(replayed)") {
                $0.started.append(operation)
            }
        }

        func operationEnded(_ operation: ObservedOperation) throws {
            let replayed = operation.isReplayed ? " replayed" : ""
            try recorder.note("operation-end", "\(title(operation)) \(operation.status)\(replayed)") {
                $0.ended.append(operation)
            }
        }

        func operationsChanged(_ operations: [ObservedOperation]) throws {
            let changes = operations.map { "\(title($0)) \($0.status)" }
            try recorder.note("changed", changes.joined(separator: ", "))
        }

        func bodyStarted(_ body: ObservedBody) throws {
            let replayed = body.operation.isReplayed ? " replayed" : ""
            try recorder.note("body-start", "\(title(body.operation)) n=\(body.attempt)\(replayed)") {
                $0.bodies.append(body)
            }
        }

        func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError?) throws {
            let failure = error.map { " \($0.type)" } ?? ""
            try recorder.note("body-end", "\(title(body.operation)) n=\(body.attempt) \(outcome)\(failure)")
        }

        nonisolated(nonsending) func surround(
            _ body: ObservedBody, _ run: nonisolated(nonsending) () async -> Void
        ) async throws {
            try recorder.probe("surround")
            await run()
        }

        func traceHeader(for operation: ObservedOperation) throws -> String? {
            try recorder.note("trace-header", title(operation))
            return nil
        }

        func logMetadata(for body: ObservedBody?) throws -> [String: Logger.MetadataValue] {
            try recorder.probe("log-metadata")
            return [:]
        }

        private func title(_ operation: ObservedOperation) -> String { HookRecorder.title(operation) }
    }
}

extension EngineOptions {
    /// Of a test's engine, with plugins.
    static func with(_ plugins: any DurablePlugin..., log: LogRecorder = LogRecorder()) -> EngineOptions {
        var options = log.options
        options.plugins = plugins
        return options
    }
}
