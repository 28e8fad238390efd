import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

@testable import EngineRuntime

/// A clock that moves when a test says so.
final class ManualClock: EngineClock {
    private let time = Mutex(Timestamp(millisecondsSinceEpoch: 1_700_000_000_000))

    func now() -> Timestamp { time.withLock { $0 } }

    func advance(by milliseconds: Int64) {
        time.withLock { $0 = $0.adding(Milliseconds(milliseconds)) }
    }
}

/// An engine over a disk in memory, with a clock in the test's hand: what a test opens, crashes and opens again.
final class Rig: Sendable {
    let disk: SimulatedDisk
    let clock = ManualClock()
    let calls = Calls()

    init(disk: SimulatedDisk = SimulatedDisk()) {
        self.disk = disk
    }

    func open(
        _ functions: [FunctionRegistration] = [], options: RuntimeOptions = Rig.options,
        fileSystem: (any LogFileSystem)? = nil
    ) async throws -> EngineRuntime {
        try await EngineRuntime.open(
            at: "log", options: options, functions: functions,
            seams: Seams(
                fileSystem: fileSystem ?? disk, clock: clock, seed: 7, runsTimers: false, runsMaintenance: false))
    }

    static let options: RuntimeOptions = {
        var options = RuntimeOptions()
        options.log.segmentSizes = [256 << 10]
        // So that every test that opens a log again reads payloads from it.
        options.payloadLengthInMemoryMax = 0
        // A gated file system waits for the test, which may need the thread.
        options.log.letsAppendersWrite = false
        return options
    }()

    /// Lets time pass and completes what is due.
    func advance(_ runtime: EngineRuntime, by milliseconds: Int64) {
        clock.advance(by: milliseconds)
        runtime.stepTimers()
    }

    /// Lets seconds pass until the execution has ended.
    func advance(_ runtime: EngineRuntime, untilEndOf number: ExecutionNumber) async throws {
        while try await !runtime.summary(number).status.isTerminal {
            try Task.checkCancellation()
            advance(runtime, by: 1_000)
            await Task.yield()
        }
    }
}

/// Signals from handlers to the test and back, without a clock: each is a named stream of arrivals.
final class Calls: Sendable {
    private struct State {
        var counts: [String: Int] = [:]
        var waiters: [(name: String, count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    func note(_ name: String) {
        let ready = state.withLock { state in
            state.counts[name, default: 0] += 1
            let count = state.counts[name, default: 0]
            let ready = state.waiters.filter { $0.name == name && $0.count <= count }
            state.waiters.removeAll { $0.name == name && $0.count <= count }
            return ready.map(\.continuation)
        }
        for waiter in ready { waiter.resume() }
    }

    func count(_ name: String) -> Int { state.withLock { $0.counts[name] ?? 0 } }

    /// Suspends until `name` was noted `count` times in all.
    func wait(_ name: String, count: Int = 1) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.counts[name, default: 0] >= count { return true }
                state.waiters.append((name, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }
}

extension Invocation {
    /// Applies updates with the invocation's running token.
    func session() -> Session { Session(self) }

    final class Session: Sendable {
        let invocation: Invocation
        private let token: Mutex<CheckpointToken>

        init(_ invocation: Invocation) {
            self.invocation = invocation
            self.token = Mutex(invocation.token)
        }

        @discardableResult
        func checkpoint(_ updates: [OperationUpdate], forced: Bool = true) async throws -> [Operation] {
            try await submit(updates, forced: forced).operations
        }

        func submit(
            _ updates: [OperationUpdate], clientToken: String? = nil, forced: Bool = true
        ) async throws -> CheckpointReply {
            let reply = try await invocation.runtime.checkpoint(
                token.withLock { $0 }, updates, clientToken: clientToken, forced: forced)
            if let next = reply.token { token.withLock { $0 = next } }
            return reply
        }
    }

    func row(_ id: String) -> Operation? {
        operations.first { $0.identity.id == OperationID(id) }
    }
}

extension EngineRuntime {
    /// Suspends until no invocation is in flight and no effect is pending.
    func quiet() async {
        while !isQuiet && !Task.isCancelled { await Task.yield() }
    }

    /// Suspends until the execution stands as asked.
    @discardableResult
    func summary(
        _ number: ExecutionNumber, when isThere: (ExecutionSummary) -> Bool
    ) async throws -> ExecutionSummary {
        while true {
            let summary = try await summary(number)
            if isThere(summary) { return summary }
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    func suspended(_ number: ExecutionNumber) async throws {
        try await summary(number) { if case .suspended = $0.standing { true } else { false } }
    }

    /// All executions that there are, the hidden ones too.
    var known: [ExecutionNumber] {
        // The test's own disk is in memory: a look at it blocks nobody.
        let cold = (try? index.executions(after: nil, limit: .max)) ?? []
        return core.withLock { core in
            Set(core.engine.all.map(\.number)).union(cold.filter { core.dropped[$0] == nil }).sorted()
        }
    }

    /// What memory holds under the name now, durable or not.
    func number(function: String, name: String) -> ExecutionNumber? {
        core.withLock { $0.engine.number(function: function, name: name) }
    }

    /// Fires what is due, whatever of it is on the disk alone.
    func passTime() async throws {
        try stepMaintenance()
        stepTimers()
        while !loader.isIdle { await Task.yield() }
        stepTimers()
    }

    /// Writes an engine snapshot and lets everything leave memory that can.
    /// - Returns: How many executions have left.
    @discardableResult
    func rest() throws -> Int {
        while try stepMaintenance() {}
        try writeEngineSnapshot()
        return try evictIdle()
    }

    func kinds(_ number: ExecutionNumber) async throws -> [EventKind] {
        try await history(number).map(\.event.eventKind)
    }
}

extension RuntimeError {
    /// The engine's refusal, when it is one.
    var refusal: EngineError? {
        if case .refused(let error) = self { error } else { nil }
    }
}

extension OperationIdentity {
    static func step(_ id: String, _ name: String = "charge") -> OperationIdentity {
        OperationIdentity(id: OperationID(id), type: .step, subType: "Step", name: name)
    }

    static func wait(_ id: String) -> OperationIdentity {
        OperationIdentity(id: OperationID(id), type: .wait, subType: "Wait")
    }

    static func callback(_ id: String) -> OperationIdentity {
        OperationIdentity(id: OperationID(id), type: .callback, subType: "Callback")
    }
}

/// Functions of tests have one version.
extension FunctionKey: ExpressibleByStringLiteral {
    public init(stringLiteral name: String) {
        self.init(name)
    }
}
