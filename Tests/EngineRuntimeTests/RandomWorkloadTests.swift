import ExecutionEngine
import ExecutionModel
import Foundation
import Glibc
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// Random work through random trouble: whatever was acknowledged is there after every opening, every history keeps its
/// order, and in the end every execution has ended.
///
/// A seed fixes the scripts and the trouble, not how threads interleave: one that failed may need several runs to fail
/// again. `INDELIBLE_SEED` gives a seed to run alone.
@Suite(.serialized, .timeLimit(.minutes(10))) struct RandomWorkloadTests {
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["INDELIBLE_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...200)

    @Test(arguments: seeds)
    func `nothing acknowledged is lost, repeated or forgotten`(seed: UInt64) async throws {
        let run = try await WorkloadRun(seed: seed)
        for _ in 0..<25 { try await run.act() }
        try await run.finish()
    }
}

/// An engine, the disk under it, and everybody who asks it for something.
private final class WorkloadRun {
    private let seed: UInt64
    private var random: SplitMix64
    private let workload: Workload
    private let clock = ManualClock()
    private var disk: SimulatedDisk
    private var runtime: EngineRuntime
    private var ledger = Ledger()
    /// Who asked for something, and may still wait for the answer.
    private var callers: [Task<Void, Never>] = []
    /// Who waits for an execution to end, which may take as long as the run.
    private var watchers: [Task<Void, Never>] = []
    private var openings: UInt64 = 1

    init(seed: UInt64) async throws {
        self.seed = seed
        random = SplitMix64(seed: seed)
        workload = Workload(&random)
        disk = SimulatedDisk(seed: seed)
        runtime = try await Self.open(disk, workload, ledger, clock, seed: seed)
    }

    private static func open(
        _ disk: SimulatedDisk, _ workload: Workload, _ ledger: Ledger, _ clock: ManualClock, seed: UInt64
    ) async throws -> EngineRuntime {
        var options = Rig.options
        options.log.unforcedWriteDelay = 0
        options.maintenance.idleTime = Milliseconds(0)
        options.maintenance.timerHorizon = Milliseconds(500)
        options.maintenance.loadAhead = Milliseconds(100)
        options.maintenance.longSuspension = Milliseconds(2_000)
        options.log.segmentSizes = [16 << 10]
        options.maintenance.compaction = .eager
        options.log.letsAppendersWrite = true
        return try await EngineRuntime.open(
            at: "log", options: options, functions: workload.registrations(ledger),
            seams: Seams(fileSystem: disk, clock: clock, seed: seed, runsTimers: false, runsMaintenance: false))
    }

    /// One thing that happens.
    func act() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: start()
        case 25..<34: answerSomeCallback()
        case 34..<56: tellSomeExecution()
        case 56..<61: watchSomeExecution()
        case 61..<74:
            clock.advance(by: .random(in: 1...2_500, using: &random))
            try await runtime.passTime()
        case 74..<78:
            try runtime.rest()
            #expect(try runtime.accountingViolation() == nil, "seed \(seed)")
        case 78..<88:
            for _ in 0..<Int.random(in: 1...60, using: &random) { await Task.yield() }
        case 88..<92: try await reopen()
        case 92..<97: try await losePower()
        default: try await failAndReopen()
        }
    }

    // MARK: What callers ask

    private func call(_ body: @escaping @Sendable (EngineRuntime, Ledger) async throws -> Void) -> Task<Void, Never> {
        Task { [runtime, ledger] in
            // What is refused is not acknowledged; what it was refused for is not this test's matter.
            do { try await body(runtime, ledger) } catch {}
        }
    }

    private func callersAnswered() async {
        for caller in callers { await caller.value }
        callers = []
    }

    private func start() {
        let script = UInt8.random(in: 0..<UInt8(workload.scriptCount), using: &random)
        // Few names, so that some are started again.
        let name = "\(script)-\(Int.random(in: 0..<3, using: &random))"
        let timeout: Milliseconds? = Int.random(in: 0..<5, using: &random) == 0 ? Milliseconds(6_000) : nil
        callers.append(
            call { runtime, ledger in
                let reply = try await runtime.start(
                    function: Workload.function, name: name, input: [script], timeout: timeout)
                ledger.note(\.started, reply.id, name)
            })
    }

    private func answerSomeCallback() {
        guard let callback = ledger.copy.callbacks.randomElement(using: &random) else { return }
        answer(callback, Bool.random(using: &random) ? .succeed([1]) : .fail(ErrorObject(message: "no")))
    }

    private func answer(_ callback: CallbackID, _ command: CallbackCommand) {
        callers.append(
            call { runtime, ledger in
                try await runtime.complete(callback, command)
                ledger.note(\.answers, callback, command)
            })
    }

    private func someExecution() -> ExecutionID? {
        let content = ledger.copy
        return content.children.union(content.started.keys).sorted { $0.number < $1.number }
            .randomElement(using: &random)
    }

    /// The hidden ones too, and those that nobody has been told of.
    private func executions(where isMeant: (ExecutionState) -> Bool) -> [ExecutionID] {
        let cold = runtime.known.filter { number in runtime.core.withLock { !$0.engine.isResident(number) } }
            .compactMap { try? runtime.reader.execution($0)?.state }
        return (runtime.core.withLock { Array($0.engine.all) } + cold).filter(isMeant).map(\.id)
            .sorted { $0.number < $1.number }
    }

    /// Stops, pauses, resumes, cancels, deletes, holds or releases an execution.
    private func tellSomeExecution() {
        guard let id = someExecution() else { return }
        switch Int.random(in: 0..<27, using: &random) {
        case 0..<2:
            callers.append(
                call { runtime, ledger in
                    _ = try await runtime.stop(id)
                    ledger.note { $0.stopped.insert(id) }
                })
        case 2..<11:
            // Half of them in the middle of an invocation, where there is one.
            let running = Bool.random(using: &random) ? executions { $0.isInFlight } : []
            pause(running.randomElement(using: &random) ?? id)
        case 11..<15: resume(id)
        case 15..<18:
            callers.append(
                call { runtime, ledger in
                    try await runtime.cancel(id)
                    ledger.note { $0.cancelled.insert(id) }
                })
        case 18..<21: hold(id)
        case 21..<23: releaseSomeHold()
        default:
            ledger.note { $0.deletionsAsked.insert(id) }
            callers.append(
                call { runtime, ledger in
                    try await runtime.delete(id)
                    ledger.note { $0.deleted.insert(id) }
                })
        }
    }

    private func pause(_ id: ExecutionID) {
        let request = PauseRequest(pausesTimeout: .random(using: &random))
        callers.append(
            call { runtime, ledger in
                try await runtime.pause(id, request)
                ledger.note { $0.pauseCounts[id, default: 0] += 1 }
            })
    }

    private func hold(_ id: ExecutionID) {
        let name = "hold-\(random.next())"
        callers.append(
            call { runtime, ledger in
                try await runtime.hold(id, as: name)
                ledger.note(\.held, name, id)
            })
    }

    private func releaseSomeHold() {
        let held = ledger.copy.held.sorted { $0.key < $1.key }
        guard let (name, id) = held.randomElement(using: &random) else { return }
        ledger.note { $0.releasesAsked.insert(name) }
        callers.append(call { runtime, _ in try await runtime.release(id, from: name) })
    }

    private func resume(_ id: ExecutionID) {
        callers.append(
            call { runtime, ledger in
                try await runtime.resume(id)
                ledger.note { $0.resumptionCounts[id, default: 0] += 1 }
            })
    }

    private func watchSomeExecution() {
        guard let id = someExecution() else { return }
        watchers.append(
            call { runtime, ledger in
                let summary = try await runtime.end(of: id.number)
                ledger.note(\.ends, id, summary.status)
            })
    }

    // MARK: Trouble

    private func reopen() async throws {
        try await runtime.close(grace: Bool.random(using: &random) ? .zero : .seconds(60))
        try await takeOver(disk, ledger.copy)
    }

    /// The power goes, or the process; what is asked of the lost engine meanwhile counts for nothing.
    private func losePower() async throws {
        let acknowledged = ledger.copy
        let kept = Bool.random(using: &random) ? disk.crashed(seed: random.next()) : disk.afterProcessKill()
        try await runtime.close(grace: .zero)
        try await takeOver(kept, acknowledged)
    }

    private func failAndReopen() async throws {
        disk.fail(nth: .random(in: 1...4, using: &random), of: .sync, code: EIO)
        for _ in 0..<Int.random(in: 1...60, using: &random) { await Task.yield() }
        do { try await runtime.close(grace: .zero) } catch {
            // The failure, if it came so far.
        }
        disk.stopFailing()
        try await takeOver(disk, ledger.copy)
    }

    private func takeOver(_ disk: SimulatedDisk, _ acknowledged: Ledger.Content) async throws {
        // Everybody has an answer once the engine has closed, if only that it has.
        await callersAnswered()
        for watcher in watchers { await watcher.value }
        watchers = []
        var content = acknowledged
        // What a lost engine's handlers have computed must not look like what the next one's do.
        content.runCount = ledger.copy.runCount
        self.disk = disk
        ledger = Ledger(content)
        openings += 1
        runtime = try await Self.open(disk, workload, ledger, clock, seed: seed &+ openings << 32)
        try await check(acknowledged)
    }

    // MARK: What must hold

    private func check(_ acknowledged: Ledger.Content) async throws {
        #expect(acknowledged.contradictions == [], "seed \(seed)")
        for (id, name) in acknowledged.started where !acknowledged.deletionsAsked.contains(id) {
            let found = try await runtime.summary(function: Workload.function.name, name: name)
            #expect(found?.id == id, "seed \(seed): \(name)")
        }
        let gone = acknowledged.deleted.map(\.number)
        #expect(Set(gone).isDisjoint(with: runtime.known), "seed \(seed): a deletion is lost")
        for (name, id) in acknowledged.held where !acknowledged.releasesAsked.contains(name) {
            // Neither deleted nor trimmed meanwhile.
            let holds = try await runtime.summary(id.number).holds
            #expect(holds.contains { $0.name == name }, "seed \(seed): a hold of \(id) is lost")
        }
        for summary in try await runtime.list() {
            let id = summary.id
            // What has ended may be trimmed meanwhile.
            guard let history = try await ChainRules.history(id.number, in: runtime) else { continue }
            #expect(HistoryRules.violation(in: history) == nil, "seed \(seed): execution \(id.number.rawValue)")
            // Of a trimmed history the end is left, and that is compared below.
            let found = summary.historyTrimTime == nil ? Found(history) : nil
            for (operation, result) in acknowledged.results where operation.execution == id {
                #expect(found == nil || found?.results[operation.place] == result, "seed \(seed): \(operation)")
            }
            for (callback, command) in acknowledged.answers where callback.execution == id.number {
                #expect(found == nil || found?.answers[callback.ordinal] == command, "seed \(seed): \(callback)")
            }
            #expect(
                found?.pauseCount ?? .max >= acknowledged.pauseCounts[id] ?? 0, "seed \(seed): a pause of \(id) is lost"
            )
            #expect(
                found?.resumptionCount ?? .max >= acknowledged.resumptionCounts[id] ?? 0,
                "seed \(seed): a resumption of \(id) is lost")
            if acknowledged.cancelled.contains(id) {
                #expect(summary.cancelRequest != nil || summary.status.isTerminal, "seed \(seed): \(id) does not know")
            }
            if acknowledged.stopped.contains(id) { #expect(summary.status.isTerminal, "seed \(seed): \(id) goes on") }
            if summary.status == .succeeded { #expect(summary.result == summary.input, "seed \(seed): \(id)") }
            if let status = acknowledged.ends[id] { #expect(summary.status == status, "seed \(seed): \(id)") }
        }
        let violation = try await ChainRules.violation(in: runtime)
        #expect(violation == nil, "seed \(seed)")
    }

    /// Lets everything end: whoever is left waiting when time and answers have come was forgotten.
    func finish() async throws {
        await callersAnswered()
        for _ in 0..<200 {
            while !runtime.isQuiet { await Task.yield() }
            if try await runtime.list().allSatisfy({ $0.status.isTerminal }) { break }
            for callback in Set(ledger.copy.callbacks) { answer(callback, .succeed([2])) }
            for id in executions(where: { $0.pauseRequest != nil }) { resume(id) }
            await callersAnswered()
            clock.advance(by: 5_000)
            try await runtime.passTime()
        }
        for summary in try await runtime.list() {
            #expect(summary.status.isTerminal, "seed \(seed): \(summary.id.number.rawValue) is \(summary.standing)")
        }
        while !runtime.isQuiet { await Task.yield() }
        try runtime.rest()
        #expect(try runtime.accountingViolation() == nil, "seed \(seed)")
        #expect(try await runtime.list().map(\.id.number) == runtime.known, "seed \(seed): a plain call is kept")
        try await reopen()
        try await runtime.close(grace: .seconds(60))
    }
}

/// The outcomes that a history holds, by place in the script.
private struct Found {
    var results: [Int: [UInt8]] = [:]
    var answers: [OperationOrdinal: CallbackCommand] = [:]
    var pauseCount = 0
    var resumptionCount = 0

    init(_ history: [RecordedEvent]) {
        for record in history {
            switch record.event {
            case .stepSucceeded(.existing(let ordinal), .inline(let result)?, nil):
                // Scripts have no branches, so an operation's place is its ordinal.
                results[Int(ordinal.rawValue)] = result
            case .chainedInvokeSucceeded(.existing(let ordinal), .inline(let result)?):
                results[Int(ordinal.rawValue)] = result
            case .executionPauseRequested: pauseCount += 1
            case .executionPauseCancelled, .executionResumed: resumptionCount += 1
            case .callbackSucceeded(.existing(let ordinal), .inline(let result)?):
                answers[ordinal] = .succeed(result)
            case .callbackFailed(.existing(let ordinal), let error):
                answers[ordinal] = .fail(error)
            default: continue
            }
        }
    }
}
