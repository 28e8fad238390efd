import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// Handlers of steps, waits, callbacks and chained invokes that a seed has written. An execution's input says which script
/// it follows, and is its result.
struct Workload: Sendable {
    enum Act: Sendable {
        /// Fails so many times before it succeeds.
        case step(failures: UInt32, isForced: Bool)
        case wait(Milliseconds)
        case callback(timeout: Milliseconds?)
        case invoke(function: String, script: UInt8, timeout: Milliseconds?)
    }

    static let function: FunctionKey = "work"
    /// Durable, and invoked by `work` alone. What has ended is not kept for long.
    static let helper: FunctionKey = "help"
    static let plain: FunctionKey = "rate"
    static let delay = Milliseconds(700)
    private static let helperScriptCount: UInt8 = 2

    private let scripts: [String: [[Act]]]
    private let seed: UInt64
    /// Of what `work` has invoked.
    private let policy: RetentionPolicy

    init(_ random: inout SplitMix64) {
        let work = (0..<4).map { _ in
            (0..<Int.random(in: 1...4, using: &random)).map { _ in
                Self.act(&random, calling: [Self.helper, Self.plain])
            }
        }
        let help = (0..<Self.helperScriptCount).map { _ in
            (0..<Int.random(in: 1...2, using: &random)).map { _ in Self.act(&random, calling: [Self.plain]) }
        }
        scripts = [Self.function.name: work, Self.helper.name: help]
        seed = random.next()
        let whole = Milliseconds(2_000)
        policy =
            [
                RetentionPolicy(whole),
                RetentionPolicy(succeeded: .history(whole, thenSummary: whole), otherwise: .forever),
                RetentionPolicy(
                    succeeded: .history(Milliseconds(500), thenSummary: nil),
                    otherwise: .history(Milliseconds(500), thenSummary: whole)),
            ].randomElement(using: &random) ?? .forever
    }

    /// The scripts that an execution may be started with.
    var scriptCount: Int { scripts[Self.function.name]?.count ?? 0 }

    private static func act(_ random: inout SplitMix64, calling targets: [FunctionKey]) -> Act {
        let timeout = Bool.random(using: &random) ? Milliseconds(4_000) : nil
        switch Int.random(in: 0..<6, using: &random) {
        case 0, 1: return .step(failures: .random(in: 0...1, using: &random), isForced: .random(using: &random))
        case 2: return .wait(Milliseconds(.random(in: 1...3_000, using: &random)))
        case 3: return .callback(timeout: timeout)
        default:
            let target = targets.randomElement(using: &random) ?? plain
            return .invoke(
                function: target.name, script: .random(in: 0..<helperScriptCount, using: &random), timeout: timeout)
        }
    }

    func registrations(_ ledger: Ledger) -> [FunctionRegistration] {
        [
            FunctionRegistration(name: Self.function.name, concurrencyLimit: 2, invocationTimeout: Milliseconds(60_000))
            {
                await invoke($0, ledger)
            },
            FunctionRegistration(name: Self.helper.name, retention: policy) { await invoke($0, ledger) },
            FunctionRegistration(name: Self.plain.name, isPlain: true) { invocation in
                isUnlucky(invocation) ? .crashed(Self.misfortune) : .succeeded(result: invocation.input)
            },
        ]
    }

    private static let misfortune = ErrorObject(message: "The worker ran out of luck.")

    private func invoke(_ invocation: Invocation, _ ledger: Ledger) async -> InvocationOutcome? {
        guard case .execution(.inline(let input)?, let cancelRequest) = invocation.operations.first?.details,
            let number = input.first, let script = scripts[invocation.start.function]?[Int(number)]
        else { return nil }
        if isUnlucky(invocation) { return .crashed(Self.misfortune) }
        if cancelRequest != nil { return .failed(ErrorObject(type: "Cancelled")) }
        let run = HandlerRun(invocation, ledger)
        do {
            for (place, act) in script.enumerated() {
                run.pace = random(invocation, UInt64(place) + 1) % 40
                guard try await run.perform(act, place) else { return .pending }
            }
        } catch is Revoked {
            return unheard(invocation)
        } catch RuntimeError.refused(let refusal) where refusal != .invalidCheckpointToken {
            Issue.record("a checkpoint was refused: \(refusal)")
            return nil
        } catch {
            // Stopped, timed out, paused, closed, or the log failed: the invocation is no longer this handler's.
            return nil
        }
        return .succeeded(result: input)
    }

    private func isUnlucky(_ invocation: Invocation) -> Bool {
        random(invocation, 0) % 16 == 0
    }

    /// What a handler says that a pause has cut short: anything at all, since it does not count.
    private func unheard(_ invocation: Invocation) -> InvocationOutcome? {
        switch random(invocation, 100) % 4 {
        case 0: .succeeded(result: [255])
        case 1: .failed(ErrorObject(message: "nobody hears this"))
        case 2: .pending
        default: nil
        }
    }

    private func random(_ invocation: Invocation, _ place: UInt64) -> UInt64 {
        var random = SplitMix64(
            seed: seed ^ invocation.execution.number.rawValue << 32 ^ UInt64(invocation.number) << 8 ^ place)
        return random.next()
    }
}

/// A pause has taken back the invocation's tokens.
private struct Revoked: Error {}

/// One run of a script over the rows that are recorded.
private final class HandlerRun {
    private let invocation: Invocation
    private let session: Invocation.Session
    private let ledger: Ledger
    private var rows: [OperationID: ExecutionModel.Operation] = [:]
    /// How long it takes for what it does: somebody may say something meanwhile.
    var pace: UInt64 = 0

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
        for _ in 0..<pace { await Task.yield() }
        let reply = try await session.submit([update], forced: forced)
        take(reply.operations)
        if reply.isRevoked { throw Revoked() }
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
        case .invoke(let function, let script, let timeout):
            if row == nil { try await checkpoint(.invoke(id, function, input: [script], timeout: timeout)) }
            try await note(rows[OperationID(id)], place, [script])
        }
        return rows[OperationID(id)]?.status.isTerminal ?? false
    }

    private func note(_ row: ExecutionModel.Operation?, _ place: Int, _ input: [UInt8]) async throws {
        if case .chainedInvoke(let child?)? = row?.details { ledger.note { $0.children.insert(child) } }
        guard let row, row.status == .succeeded else { return }
        #expect(try await bytes(row.result) == input, "the result of another execution")
        ledger.note(\.results, Ledger.Operation(execution: invocation.execution, place: place), input)
    }

    private func bytes(_ result: Payload?) async throws -> [UInt8]? {
        guard let result else { return nil }
        return try await invocation.runtime.resolve(result, of: invocation.execution.number)
    }

    private func step(
        _ identity: OperationIdentity, _ row: ExecutionModel.Operation?, _ place: Int, failures: UInt32, isForced: Bool
    ) async throws -> Bool {
        let operation = Ledger.Operation(execution: invocation.execution, place: place)
        if let row, row.status == .succeeded {
            guard let result = try await bytes(row.result) else { return false }
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
