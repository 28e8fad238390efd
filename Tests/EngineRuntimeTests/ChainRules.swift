import ExecutionEngine
import ExecutionModel

@testable import EngineRuntime

/// What must hold between an execution and those that it has started, while all of them go on: `nil` is what a sound
/// engine gets.
///
/// An execution is told of an end once, as that end was, after it; and until it is told, what it waits for is kept.
enum ChainRules {
    static func violation(in runtime: EngineRuntime) async throws -> String? {
        for summary in try await runtime.list() {
            guard let history = try await history(summary.id.number, in: runtime) else { continue }
            for record in history {
                guard case .chainedInvokeStarted(.first, let start) = record.event, let target = start.target else {
                    continue
                }
                if let wrong = try await violation(of: target, startedBy: record, summary.id.number, in: runtime) {
                    return "execution \(target.child.number.rawValue), \(wrong)"
                }
            }
        }
        return nil
    }

    /// The child is read before the parent is read again: one that is gone by then has been told of before.
    private static func violation(
        of target: ChainedTarget, startedBy record: RecordedEvent, _ parent: ExecutionNumber, in runtime: EngineRuntime
    ) async throws -> String? {
        let child = try await history(target.child.number, in: runtime)
        guard let parentHistory = try await history(parent, in: runtime) else { return nil }
        let completions = parentHistory.filter { isCompletion($0.event, of: record, in: parentHistory) }
        guard let child else {
            return completions.count == 1 || parentHistory.contains { isEnd($0.event) }
                ? nil : "which another waits for, is gone"
        }
        guard case .executionStarted(let start)? = child.first?.event, start.parent?.execution == parent else {
            return "which knows another parent"
        }
        if child[0].lsn >= record.lsn { return "which started after the event that says so" }
        guard let completion = completions.first else { return nil }
        if completions.count > 1 { return "whose end is told twice" }
        // It may have ended since.
        guard let now = try await history(target.child.number, in: runtime) else { return nil }
        guard let end = now.first(where: { isEnd($0.event) }) else { return "whose end is told before it comes" }
        if end.lsn >= completion.lsn { return "whose end is recorded after it is told" }
        return isTold(end.event, as: completion.event) ? nil : "which ended otherwise than is told"
    }

    /// Nil: there is none of that number any more.
    static func history(_ number: ExecutionNumber, in runtime: EngineRuntime) async throws -> [RecordedEvent]? {
        do throws(RuntimeError) {
            return try await runtime.history(number)
        } catch {
            guard case .unknownExecution = error else { throw error }
            return nil
        }
    }

    /// Scripts have no branches: operations are begun in the order of their ordinals.
    private static func isCompletion(_ event: Event, of start: RecordedEvent, in history: [RecordedEvent]) -> Bool {
        let ordinal = history.prefix { $0.lsn < start.lsn }.count { record in
            if case .first? = record.event.operation { true } else { false }
        }
        switch event {
        case .chainedInvokeSucceeded(.existing(let operation), _), .chainedInvokeFailed(.existing(let operation), _),
            .chainedInvokeTimedOut(.existing(let operation), _), .chainedInvokeStopped(.existing(let operation), _):
            return Int(operation.rawValue) == ordinal
        default: return false
        }
    }

    private static func isEnd(_ event: Event) -> Bool {
        switch event {
        case .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped: true
        default: false
        }
    }

    private static func isTold(_ end: Event, as event: Event) -> Bool {
        switch (end, event) {
        case (.executionSucceeded(let result), .chainedInvokeSucceeded(_, let told)): result == told
        case (.executionFailed(let error), .chainedInvokeFailed(_, let told)): error == told
        case (.executionStopped(let error), .chainedInvokeStopped(_, let told)): error == told
        case (.executionTimedOut, .chainedInvokeTimedOut(_, let told)): told.type == "ChainedInvoke.Timeout"
        default: false
        }
    }
}
