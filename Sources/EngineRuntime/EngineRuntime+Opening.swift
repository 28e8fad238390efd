import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Opens the log at `directory`, or makes one, and takes up every execution where the record left it.
    ///
    /// Functions are registered before anything moves. An invocation that was in flight when the last process died is
    /// recorded as crashed (`Runtime.ExitError`), and its execution is invoked again.
    package static func open(
        at directory: String, options: RuntimeOptions = RuntimeOptions(), functions: [FunctionRegistration] = [],
        parkedHandlers: (any ParkedHandlers)? = nil, seams: Seams = Seams()
    ) async throws(RuntimeError) -> EngineRuntime {
        let runtime = try await seams.blocking { () throws(RuntimeError) in
            try recover(at: directory, options: options, parkedHandlers: parkedHandlers, seams: seams)
        }
        seams.onRecovered?(runtime)
        do throws(RuntimeError) {
            try await runtime.takeUp(functions)
        } catch {
            // The error says why; the directory is unlocked for the next try.
            try await runtime.close(grace: .zero)
            throw error
        }
        if seams.runsTimers { LogThread { runtime.timerLoop.run(runtime) }.detach() }
        return runtime
    }

    /// Rebuilds the engine's state: applies every recorded event, decides nothing.
    private static func recover(
        at directory: String, options: RuntimeOptions, parkedHandlers: (any ParkedHandlers)?, seams: Seams
    ) throws(RuntimeError) -> EngineRuntime {
        var random = RandomSource(seed: seams.seed)
        var engine = EngineState(
            limits: options.limits, owner: options.owner, unknownTargets: options.unknownTargets)
        var lastTime = Timestamp(millisecondsSinceEpoch: 0)
        var unreadable: RuntimeError?
        let log: SegmentedLog
        do throws(LogError) {
            log = try SegmentedLog.open(
                at: directory, options: options.log, fileSystem: seams.fileSystem, clock: LogTime(clock: seams.clock),
                seed: random.next(), waitForLock: options.waitsForLock, startThreads: seams.runsThreads,
                recovered: { record in
                    guard unreadable == nil else { return }
                    do throws(RuntimeError) {
                        var event = try RecordedEvent(decoding: record)
                        event.event = event.event.storingPayloads(
                            over: options.payloadLengthInMemoryMax, lsn: event.lsn)
                        do throws(RecordError) {
                            try engine.recover(event)
                        } catch {
                            throw .impossibleRecord(lsn: event.lsn, error)
                        }
                        lastTime = max(lastTime, event.time)
                    } catch {
                        unreadable = error
                    }
                }, accepts: { unreadable == nil })
        } catch {
            throw unreadable ?? .log(error)
        }
        var core = Core(engine: engine, concurrencyLimit: options.concurrencyLimit, random: random)
        core.lastTime = lastTime
        let runtime = EngineRuntime(
            core: core, log: log, options: options, seams: seams, parkedHandlers: parkedHandlers)
        // It may fail while nobody waits for it: run() says so all the same.
        log.whenEnded { [weak runtime] error in _ = runtime?.note(error) }
        return runtime
    }

    /// Registers the functions and derives what is open: timers to arm, invocations that died, executions to invoke.
    private func takeUp(_ functions: [FunctionRegistration]) async throws(RuntimeError) {
        // An execution that ended during an invocation still owes the record that invocation's end; one that was invoked by
        // another may owe that one its result; and one that is kept for a time has a timer.
        let numbers = core.withLock { core in
            core.engine.all.filter {
                !$0.status.isTerminal || $0.isInFlight || $0.start.parent != nil || $0.nextDue != nil
            }.map(\.number).sorted()
        }
        // A function that comes after the first turns must not find its executions gone by unregistered: all come first.
        core.withLock { core in
            for function in functions { core.register(function) }
        }
        var rest = numbers[...]
        repeat {
            let some = rest.prefix(Core.timersPerTurn)
            rest = rest.dropFirst(Core.timersPerTurn)
            try await submit(byteCount: Self.timerByteCount * Core.timersPerTurn, .completion) {
                core, turn throws(RuntimeError) in
                turn.launchLimit = Core.launchesPerTurn
                for number in some { core.takeUp(number, in: &turn) }
            }
        } while !rest.isEmpty
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
        } else if let state = engine.execution(number), state.start.isPlain, state.status.isTerminal {
            record([.executionDeleted], of: number, in: &turn)
        }
        turn.touched.append(number)
    }
}

/// The log's clock is the engine's.
struct LogTime: LogClock {
    let clock: any EngineClock

    func now() -> Int64 { clock.now().millisecondsSinceEpoch }
}
