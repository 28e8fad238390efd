import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Opens the log at `directory`, or makes one, and takes up every execution where the record left it.
    ///
    /// Functions are registered before anything moves. An invocation that was in flight when the last process died is
    /// recorded as crashed (`Runtime.ExitError`), and its execution is invoked again.
    ///
    /// Executions that wait stay on the disk. Of those that have something to do the first are in memory when this returns,
    /// and the others follow.
    package static func open(
        at directory: String, options: RuntimeOptions = RuntimeOptions(), functions: [FunctionRegistration] = [],
        parkedHandlers: (any ParkedHandlers)? = nil, seams: Seams = Seams()
    ) async throws(RuntimeError) -> EngineRuntime {
        let (runtime, recovery) = try await seams.blocking { () throws(RuntimeError) in
            var recovery = EngineRecovery(directory: directory, options: options, seams: seams)
            let runtime = try recovery.run(parkedHandlers)
            return (runtime, recovery)
        }
        seams.onRecovered?(runtime)
        do throws(RuntimeError) {
            try await runtime.takeUp(recovery.found, functions)
            await seams.blocking { recovery.end() }
        } catch {
            await seams.blocking { recovery.end() }
            // The error says why; the directory is unlocked for the next try.
            try await runtime.close(grace: .zero)
            throw error
        }
        runtime.startThreads()
        return runtime
    }

    private func startThreads() {
        if seams.runsTimers { LogThread { [self] in timerLoop.run(self) }.detach() }
        if seams.runsThreads && seams.runsMaintenance { LogThread { [self] in maintenance.run(self) }.detach() }
    }

    /// Registers the functions and takes up what has something to do: invocations that died, executions to invoke.
    private func takeUp(
        _ found: EngineRecovery.Found, _ functions: [FunctionRegistration]
    ) async throws(RuntimeError) {
        // A function that comes after the first turns must not find its executions gone by unregistered: all come first.
        core.withLock { core in
            for function in functions { core.register(function) }
        }
        var rest = found.executions[...]
        repeat {
            let some = rest.prefix(Core.timersPerTurn)
            rest = rest.dropFirst(Core.timersPerTurn)
            try await submit(byteCount: Self.timerByteCount * Core.timersPerTurn, .completion) {
                core, turn throws(RuntimeError) in
                turn.launchLimit = Core.launchesPerTurn
                for execution in some { core.install(execution, in: &turn) }
            }
        } while !rest.isEmpty
        loader.request(found.rest, for: self)
    }
}

extension Core {
    /// Ends the invocation that the last process left in flight, if it did, and has the execution looked at.
    mutating func takeUp(_ number: ExecutionNumber, in turn: inout Turn) {
        // One that is on the books was invoked by a turn of this process.
        if invocations[number] == nil {
            let limits = engine.limits
            let decision = engine.update(number) { state -> Decision<Void>? in
                guard state.isInFlight else { return nil }
                return state.decideInvocationEnd(
                    invocation: state.invocationCount, .interrupted, limits: limits, at: turn.now)
            }
            if let decision = decision ?? nil { record(decision, of: number, in: &turn) }
        }
        if isOwed(number) {
            turn.releases.append(.completeParent(number))
        } else if let state = engine.execution(number), state.status.isTerminal {
            // Whoever invoked it says so, and may leave memory before this one does.
            if state.endForParent != nil { toldParents.insert(number) }
            if state.start.isPlain { record([.executionDeleted], of: number, in: &turn) }
        }
        turn.touched.append(number)
    }
}

/// The log's clock is the engine's.
struct LogTime: LogClock {
    let clock: any EngineClock

    func now() -> Int64 { clock.now().millisecondsSinceEpoch }
}
