import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// What has been acknowledged to anybody, and therefore must be found in every later opening.
final class Ledger: Sendable {
    struct Operation: Hashable {
        var execution: ExecutionID
        var place: Int
    }

    struct Content: Sendable {
        var started: [String: ExecutionID] = [:]
        /// Results of steps, as the checkpoint that recorded them was acknowledged, or as a replay showed them.
        var results: [Operation: [UInt8]] = [:]
        var answers: [CallbackID: CallbackCommand] = [:]
        var stopped: Set<ExecutionID> = []
        var ends: [ExecutionID: ExecutionStatus] = [:]
        /// The callbacks that somebody could answer.
        var callbacks: [CallbackID] = []
        /// Distinct for every run of a step's body.
        var runCount: UInt32 = 0
        var contradictions: [String] = []
    }

    private let content: Mutex<Content>

    init(_ content: Content = Content()) {
        self.content = Mutex(content)
    }

    var copy: Content { content.withLock { $0 } }

    func note(_ change: (inout Content) -> Void) {
        content.withLock { change(&$0) }
    }

    /// Notes a fact that may be told more than once, and never in two ways.
    func note<Key: Hashable & Sendable, Fact: Equatable & Sendable>(
        _ facts: any WritableKeyPath<Content, [Key: Fact]> & Sendable, _ key: Key, _ fact: Fact
    ) {
        content.withLock { content in
            if let known = content[keyPath: facts][key], known != fact {
                content.contradictions.append("\(key) was \(known), and is now \(fact)")
            }
            content[keyPath: facts][key] = fact
        }
    }

    func nextRun() -> [UInt8] {
        content.withLock { content in
            content.runCount += 1
            return withUnsafeBytes(of: content.runCount) { Array($0) }
        }
    }
}

/// Handlers of steps, waits and callbacks that a seed has written. An execution's input says which script it follows.
struct Workload: Sendable {
    enum Act: Sendable {
        /// Fails so many times before it succeeds.
        case step(failures: UInt32, isForced: Bool)
        case wait(Milliseconds)
        case callback(timeout: Milliseconds?)
    }

    static let function: FunctionKey = "work"
    static let delay = Milliseconds(700)

    let scripts: [[Act]]
    private let seed: UInt64

    init(_ random: inout SplitMix64) {
        scripts = (0..<4).map { _ in (0..<Int.random(in: 1...4, using: &random)).map { _ in Self.act(&random) } }
        seed = random.next()
    }

    private static func act(_ random: inout SplitMix64) -> Act {
        switch Int.random(in: 0..<4, using: &random) {
        case 0, 1: .step(failures: .random(in: 0...1, using: &random), isForced: .random(using: &random))
        case 2: .wait(Milliseconds(.random(in: 1...3_000, using: &random)))
        default: .callback(timeout: Bool.random(using: &random) ? Milliseconds(4_000) : nil)
        }
    }

    func registration(_ ledger: Ledger) -> FunctionRegistration {
        FunctionRegistration(name: Self.function.name, concurrencyLimit: 2, invocationTimeout: Milliseconds(60_000)) {
            await invoke($0, ledger)
        }
    }

    private func invoke(_ invocation: Invocation, _ ledger: Ledger) async -> InvocationOutcome? {
        guard case .execution(.inline(let input)?, _) = invocation.operations.first?.details, let script = input.first
        else { return nil }
        if isUnlucky(invocation) { return .crashed(ErrorObject(message: "The worker ran out of luck.")) }
        let run = HandlerRun(invocation, ledger)
        do {
            for (place, act) in scripts[Int(script)].enumerated() {
                guard try await run.perform(act, place) else { return .pending }
            }
        } catch RuntimeError.refused(let refusal) where refusal != .invalidCheckpointToken {
            Issue.record("a checkpoint was refused: \(refusal)")
            return nil
        } catch {
            // Stopped, timed out, closed, or the log failed: the invocation is no longer this handler's.
            return nil
        }
        return .succeeded(result: input)
    }

    private func isUnlucky(_ invocation: Invocation) -> Bool {
        var random = SplitMix64(seed: seed ^ invocation.execution.number.rawValue << 32 ^ UInt64(invocation.number))
        return random.next() % 16 == 0
    }
}

/// One run of a script over the rows that are recorded.
private final class HandlerRun {
    private let invocation: Invocation
    private let session: Invocation.Session
    private let ledger: Ledger
    private var rows: [OperationID: ExecutionModel.Operation] = [:]

    init(_ invocation: Invocation, _ ledger: Ledger) {
        self.invocation = invocation
        self.session = invocation.session()
        self.ledger = ledger
        take(invocation.operations)
    }

    private func take(_ operations: [ExecutionModel.Operation]) {
        for row in operations { rows[row.identity.id] = row }
    }

    private func checkpoint(_ update: OperationUpdate, forced: Bool = true) async throws {
        take(try await session.checkpoint([update], forced: forced))
    }

    /// Does what is left of the act. False: the handler must suspend.
    func perform(_ act: Workload.Act, _ place: Int) async throws -> Bool {
        let id = "\(place)"
        let row = rows[OperationID(id)]
        switch act {
        case .step(let failures, let isForced):
            return try await step(.step(id), row, place, failures: failures, isForced: isForced)
        case .wait(let duration):
            if row == nil {
                try await checkpoint(OperationUpdate(.wait(id), .start, options: .wait(duration: duration)))
            }
        case .callback(let timeout):
            if row == nil {
                let options = OperationUpdate.Options.callback(timeout: timeout, heartbeatTimeout: nil)
                try await checkpoint(OperationUpdate(.callback(id), .start, options: options))
            }
            if case .callback(let callback)? = rows[OperationID(id)]?.details {
                ledger.note { $0.callbacks.append(callback) }
            }
        }
        return rows[OperationID(id)]?.status.isTerminal ?? false
    }

    private func step(
        _ identity: OperationIdentity, _ row: ExecutionModel.Operation?, _ place: Int, failures: UInt32, isForced: Bool
    ) async throws -> Bool {
        let operation = Ledger.Operation(execution: invocation.execution, place: place)
        if let row, row.status == .succeeded {
            guard case .inline(let result)? = row.result else { return false }
            ledger.note(\.results, operation, result)
            return true
        }
        if row?.status == .pending { return false }
        if row == nil || row?.status == .ready {
            try await checkpoint(OperationUpdate(identity, .start), forced: isForced)
        }
        if case .step(let attempt, _)? = rows[identity.id]?.details, attempt < failures {
            let error = ErrorObject(message: "not yet")
            try await checkpoint(
                OperationUpdate(identity, .retry, error: error, options: .step(nextAttemptDelay: Workload.delay)))
            return false
        }
        let result = ledger.nextRun()
        try await checkpoint(OperationUpdate(identity, .succeed, payload: result))
        ledger.note(\.results, operation, result)
        return true
    }
}
