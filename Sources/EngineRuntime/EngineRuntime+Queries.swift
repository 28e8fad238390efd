import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

/// Somebody who waits for an execution to end; nil: for long enough.
typealias EndWaiter = UnsafeContinuation<Result<ExecutionSummary?, RuntimeError>, Never>

extension [UInt64: EndWaiter] {
    /// In the order in which they began to wait.
    var inOrder: [EndWaiter] { sorted { $0.key < $1.key }.map(\.value) }
}

/// Calls what it is given when the time is up, from any thread, unless what it returns is called before.
package typealias WaitTimer = (_ timeIsUp: @escaping @Sendable () -> Void) -> @Sendable () -> Void

extension EngineRuntime {
    /// The execution of `function` that has this name; nil when there is none. Everything that rests on is durable when this
    /// returns: that there is none may rest on a deletion.
    package func summary(function: String, name: String) async throws(RuntimeError) -> ExecutionSummary? {
        try await about(name: name, of: function) { () async throws(RuntimeError) in
            let (summary, end) = core.withLock { core in
                (core.engine.number(function: function, name: name).flatMap { core.summary(of: $0) }, log.nextLSN)
            }
            try await durable(before: end)
            guard let summary else { return nil }
            return try await inMemory(summary)
        }
    }

    /// What is known of an execution now; everything it rests on, the error too, is durable when this returns.
    package func summary(_ number: ExecutionNumber) async throws(RuntimeError) -> ExecutionSummary {
        try await about(number) { () async throws(RuntimeError) in
            let (summary, end) = core.withLock { core in (core.summary(of: number), log.nextLSN) }
            try await durable(before: end)
            guard let summary else { throw .unknownExecution(number) }
            return try await inMemory(summary)
        }
    }

    /// All executions, in the order of their start, without the calls of plain functions. Reads those from the disk that are
    /// not in memory.
    package func list() async throws(RuntimeError) -> [ExecutionSummary] {
        let (resident, end) = core.withLock { core in
            (Set(core.engine.all.lazy.map(\.number)), log.nextLSN)
        }
        var cold = try await seams.blocking { [self] () throws(RuntimeError) in try coldExecutions(except: resident) }
        var read = Set(cold.map(\.number))
        while true {
            // Those that have left memory meanwhile.
            let left = core.withLock { core in
                resident.filter { !core.isSettled($0) && !read.contains($0) }.sorted()
            }
            if left.isEmpty { break }
            read.formUnion(left)
            cold += try await seams.blocking { [self] () throws(RuntimeError) in try coldExecutions(left) }
        }
        let summaries = core.withLock { core in
            // What was brought in meanwhile may have moved on; what is gone was deleted.
            let warm = core.engine.all.filter { !$0.start.isPlain }.map { core.summary(of: $0) }
            let cold = cold.filter { !core.isSettled($0.number) && !$0.start.isPlain }
            return (warm + cold.map { core.summary(of: $0) }).sorted { $0.id.number < $1.id.number }
        }
        try await durable(before: end)
        return try await inMemory(summaries.filter { $0.id.number.rawValue < end.rawValue })
    }

    private func coldExecutions(except resident: Set<ExecutionNumber>) throws(RuntimeError) -> [ExecutionState] {
        var states: [ExecutionState] = []
        var last: ExecutionNumber?
        while true {
            let numbers: [ExecutionNumber]
            do throws(IndexError) {
                numbers = try index.executions(after: last, limit: 1_000)
            } catch {
                noteIndexFailure(.index(error))
                throw .index(error)
            }
            guard !numbers.isEmpty else { return states }
            states += try coldExecutions(numbers.filter { !resident.contains($0) })
            last = numbers.last
        }
    }

    private func coldExecutions(_ numbers: [ExecutionNumber]) throws(RuntimeError) -> [ExecutionState] {
        var states: [ExecutionState] = []
        do throws(RuntimeError) {
            for number in numbers {
                if let execution = try reader.execution(number) { states.append(execution.state) }
            }
        } catch {
            noteIndexFailure(error)
            throw error
        }
        return states
    }

    /// Waits until the execution has ended.
    /// - Throws: ``RuntimeError/cancelled`` when the caller's task is cancelled; the execution goes on.
    package func end(of number: ExecutionNumber) async throws(RuntimeError) -> ExecutionSummary {
        guard let summary = try await end(of: number, within: nil) else {
            preconditionFailure("a wait without a timer was ended by one")
        }
        return summary
    }

    /// Waits until the execution has ended, or the time is up.
    /// - Returns: Nil: the time is up, and the execution goes on.
    package func end(
        of number: ExecutionNumber, within timer: WaitTimer?
    ) async throws(RuntimeError) -> ExecutionSummary? {
        let id = core.withLock { core in
            core.nextWaiterID += 1
            return core.nextWaiterID
        }
        var stopTimer: (@Sendable () -> Void)?
        // In memory until somebody is known to wait; from then on it may leave.
        try await pin(number)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { (continuation: EndWaiter) in
                // A virtual clock moves while somebody waits: not before the timer runs.
                beginActivity()
                defer { endActivity() }
                defer { unpin(number) }
                guard wait(for: number, id, continuation), let timer else { return }
                stopTimer = timer { [self] in giveUp(number, id, .success(nil)) }
            }
        } onCancel: {
            giveUp(number, id, .failure(.cancelled))
        }
        stopTimer?()
        guard let summary = try result.get() else { return nil }
        return try await inMemory(summary)
    }

    /// Whether somebody waits for an execution that has not ended.
    package var isAwaited: Bool { core.withLock { !$0.endWaiters.isEmpty } }

    private func giveUp(_ number: ExecutionNumber, _ id: UInt64, _ answer: Result<ExecutionSummary?, RuntimeError>) {
        let waiter = core.withLock { core in
            let waiter = core.endWaiters[number]?.removeValue(forKey: id)
            if let others = core.endWaiters[number], others.isEmpty { core.endWaiters[number] = nil }
            return waiter
        }
        waiter?.resume(returning: answer)
    }

    /// - Returns: Whether the waiter does not have its answer, or the promise of one, already.
    private func wait(for number: ExecutionNumber, _ id: UInt64, _ waiter: EndWaiter) -> Bool {
        let answer: Result<ExecutionSummary, RuntimeError>? = core.withLock { core in
            guard let summary = core.summary(of: number) else { return .failure(.unknownExecution(number)) }
            if summary.status.isTerminal { return .success(summary) }
            guard core.acceptsCommands else { return .failure(core.refusal) }
            if Task.isCancelled { return .failure(.cancelled) }
            core.endWaiters[number, default: [:]][id] = waiter
            return nil
        }
        guard let answer else { return true }
        // Neither the execution's end nor its deletion may be durable yet.
        log.whenDurable(before: log.nextLSN) { [self] error in
            waiter.resume(returning: error.map { .failure(note($0)) } ?? answer.map { $0 })
        }
        return false
    }

    /// Every event of an execution, in order, read back from the log. Of a trimmed history what outlives it, whatever else
    /// is still there.
    package func history(_ number: ExecutionNumber) async throws(RuntimeError) -> [RecordedEvent] {
        try await about(number) { () async throws(RuntimeError) in
            let (isKnown, end) = core.withLock { core in (core.engine.isResident(number), log.nextLSN) }
            try await durable(before: end)
            guard isKnown else { throw .unknownExecution(number) }
            return try await seams.blocking { [self] () throws(RuntimeError) in
                // The index first: it may have more by the time it is read, and then the events come twice.
                let position = index.position
                let indexed = try reader.history(of: number)
                var events = indexed ?? []
                let sequence = events.last?.sequence ?? 0
                var reader = log.read(from: max(position, LSN(number.rawValue)))
                while let record = try reading({ () throws(LogError) in try reader.next() }), record.lsn < end {
                    guard record.execution == number.rawValue, record.sequence > sequence else { continue }
                    events.append(try RecordedEvent(decoding: record))
                }
                guard events.first?.sequence == 1 else {
                    // The index drops an execution as a whole, so it was deleted meanwhile.
                    if indexed == nil { throw .unknownExecution(number) }
                    throw .unreadableExecution(number, missing: nil)
                }
                return HistoryTrim(of: events) == nil ? events : HistoryTrim.kept(of: events)
            }
        }
    }

    func durable(before end: LSN) async throws(RuntimeError) {
        do throws(LogError) { try await log.durable(before: end) } catch { throw note(error) }
    }
}

private func reading<R>(_ body: () throws(LogError) -> R) throws(RuntimeError) -> R {
    do throws(LogError) { return try body() } catch { throw .log(error) }
}

extension RecordedEvent {
    /// Decodes a record of the log.
    package init(decoding record: LogRecord) throws(RuntimeError) {
        do throws(EventDecodingError) {
            self.init(
                lsn: record.lsn.rawValue, execution: ExecutionNumber(record.execution), sequence: record.sequence,
                time: Timestamp(millisecondsSinceEpoch: record.time),
                event: try Event(kind: record.kind, decodingBody: record.body))
        } catch {
            throw .unreadableEvent(lsn: record.lsn.rawValue, error)
        }
    }
}
