import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Tells the execution that invoked `child` how it has ended.
    ///
    /// A turn of its own, after the child's end is durable: the two executions share no decision. It may come more than
    /// once, and recovery derives it anew.
    func completeParent(of child: ExecutionNumber) async {
        defer { endActivity() }
        do throws(RuntimeError) {
            try await aboutChild(child) { () async throws(RuntimeError) in
                let (length, payload) = core.withLock { core in
                    core.engine.update(child) {
                        (($0.result?.length ?? 0) + ($0.error?.byteCount ?? 0), $0.endForParent?.end.result)
                    } ?? (0, nil)
                }
                // An ended execution's result never changes, so what is read here is what the turn finds.
                let result = try await inMemory(payload, of: child)
                try await submit(byteCount: room(records: 2, payloads: length), .completion) {
                    core, turn throws(RuntimeError) in
                    guard core.acceptsCommands else { throw core.refusal }
                    core.completeParent(of: child, result: result, in: &turn)
                }
            }
        } catch {
            // No room, or a disk that did not answer: in a moment.
            guard case .log(.noRoom) = error else {
                if error.isOfStorage, core.withLock({ $0.owe(child) }) { timerLoop.wake() }
                return
            }
            if core.withLock({ $0.owe(child) }) { timerLoop.wake() }
        }
    }

    /// Runs `body` while the execution is in memory, and the one that invoked it, if there are any.
    func aboutChild<R>(
        _ child: ExecutionNumber, _ body: () async throws(RuntimeError) -> R
    ) async throws(RuntimeError) -> R {
        try await about(child) { () async throws(RuntimeError) in
            let parent = core.withLock { core in core.engine.update(child) { $0.start.parent?.execution } ?? nil }
            guard let parent else { return try await body() }
            return try await about(parent, body)
        }
    }
}

extension Core {
    /// - Parameter result: What the child came to, with its bytes: they are recorded of the parent too.
    mutating func completeParent(of child: ExecutionNumber, result: Payload?, in turn: inout Turn) {
        _ = owedToParents.arm(child, at: nil)
        guard let state = engine.execution(child), let (link, recorded) = state.endForParent else { return }
        var end = recorded
        end.result = result
        let decision = engine.update(link.execution) { $0.decideChildEnd(link.operation, of: state.id, end) }
        if let decision { record(decision, of: link.execution, in: &turn) }
        toldParents.insert(child)
        // Of a plain function's call its caller's record is all that is kept.
        if state.start.isPlain, !state.isInFlight { record([.executionDeleted], of: child, in: &turn) }
    }

    /// Whether an execution waits for the end of `child` and has not been told of it. One that is not in memory may, unless
    /// this process has told it.
    func isOwed(_ child: ExecutionNumber) -> Bool {
        guard let state = engine.execution(child), let (link, end) = state.endForParent else { return false }
        guard let parent = engine.execution(link.execution) else { return !toldParents.contains(child) }
        return !parent.decideChildEnd(link.operation, of: state.id, end).events.isEmpty
    }

    /// Tries again in a moment.
    mutating func owe(_ child: ExecutionNumber) -> Bool {
        owedToParents.arm(child, at: lastTime.adding(Self.roomRetryDelay))
    }
}
