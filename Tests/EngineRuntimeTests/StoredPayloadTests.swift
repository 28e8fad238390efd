import ExecutionEngine
import ExecutionModel
import Glibc
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// Payloads that an engine which has opened a log again leaves there: everybody outside gets the bytes all the same.
@Suite(.timeLimit(.minutes(10))) struct StoredPayloadTests {
    private let rig = Rig()
    private let input = [UInt8](repeating: 1, count: 5_000)
    private let result = [UInt8](repeating: 2, count: 6_000)

    /// Records one long result, waits a second, and ends with what its replay finds.
    private var pay: FunctionRegistration {
        FunctionRegistration(name: "pay") { [result, calls = rig.calls] invocation in
            do {
                let session = invocation.session()
                guard let step = invocation.row("1") else {
                    try await session.checkpoint([
                        OperationUpdate(.step("1"), .succeed, payload: result),
                        OperationUpdate(.wait("2"), .start, options: .wait(duration: Milliseconds(1_000))),
                    ])
                    return .pending
                }
                guard let stored = step.result, invocation.row("2")?.status == .succeeded else { return .pending }
                calls.note(stored.isStored ? "stored" : "in memory")
                return .succeeded(
                    result: invocation.input
                        + (try await invocation.runtime.resolve(stored, of: invocation.execution.number)))
            } catch RuntimeError.log(let error) {
                return .crashed(ErrorObject(message: "\(error)"))
            } catch {
                return nil
            }
        }
    }

    /// After a process that has started one execution, and died while it waited.
    private func reopened(_ options: RuntimeOptions) async throws -> (EngineRuntime, ExecutionNumber) {
        let runtime = try await rig.open([pay], options: options)
        let number = try await runtime.start(function: "pay", name: "order-1", input: input).id.number
        try await runtime.suspended(number)
        try await runtime.close(grace: .zero)
        return (try await rig.open([pay], options: options), number)
    }

    private static var options: RuntimeOptions {
        var options = Rig.options
        options.payloadLengthInMemoryMax = RuntimeOptions().payloadLengthInMemoryMax
        return options
    }

    private func memory(of runtime: EngineRuntime, _ number: ExecutionNumber) -> ExecutionState? {
        runtime.core.withLock { $0.engine.execution(number) }
    }

    @Test func `an engine that opens again keeps long payloads in the log, and gives everybody the bytes`() async throws
    {
        let (runtime, number) = try await reopened(Self.options)
        let state = try #require(memory(of: runtime, number))
        #expect(state.start.input == .stored(lsn: number.rawValue, length: input.count))
        #expect(state.operations.first?.result?.isStored == true)
        for summary in [
            try await runtime.summary(number), try await runtime.summary(function: "pay", name: "order-1"),
            try await runtime.list().first,
        ] {
            #expect(summary?.input == .inline(input))
        }
        rig.advance(runtime, by: 1_000)
        let end = try await runtime.end(of: number)
        #expect(end.result == .inline(input + result) && end.input == .inline(input))
        #expect(rig.calls.count("stored") == 1)
        try await runtime.close(grace: .zero)
        let again = try await rig.open([pay], options: Self.options)
        #expect(memory(of: again, number)?.result?.isStored == true)
        #expect(try await again.end(of: number).result == .inline(input + result))
        try await again.close(grace: .zero)
    }

    @Test func `payloads up to the limit stay in memory`() async throws {
        var options = Self.options
        options.payloadLengthInMemoryMax = input.count
        let (runtime, number) = try await reopened(options)
        let state = try #require(memory(of: runtime, number))
        #expect(state.start.input == .inline(input))
        #expect(state.operations.first?.result?.isStored == true)
        try await runtime.close(grace: .zero)
    }

    @Test func `a start finds the execution of its name by the bytes of a stored input`() async throws {
        let (runtime, number) = try await reopened(Self.options)
        let again = try await runtime.start(function: "pay", name: "order-1", input: input)
        #expect(again.id.number == number && !again.isNew)
        var other = input
        other[4_999] = 9
        for input in [other, input + [1], [], nil] {
            let error = await #expect(throws: RuntimeError.self) {
                try await runtime.start(function: "pay", name: "order-1", input: input)
            }
            #expect(error?.refusal?.code == .executionAlreadyStarted)
        }
        try await runtime.close(grace: .zero)
    }

    @Test func `an invocation whose input cannot be read fails and says why, and is tried again`() async throws {
        let (runtime, number) = try await reopened(Self.options)
        rig.disk.fail(nth: 1, of: .read, code: EIO, persists: true)
        rig.advance(runtime, by: 1_000)
        await runtime.quiet()
        rig.disk.stopFailing()
        let failures = try await runtime.history(number).compactMap { record -> ErrorObject? in
            if case .invocationCompleted(.crashed(let error, _)) = record.event { error } else { nil }
        }
        #expect(failures.map(\.type) == [EngineRuntime.payloadUnreadableType])
        #expect(failures.first?.message?.isEmpty == false)
        #expect(rig.calls.count("stored") == 0)
        try await rig.advance(runtime, untilEndOf: number)
        #expect(try await runtime.summary(number).result == .inline(input + result))
        try await runtime.close(grace: .zero)
    }

    @Test func `who asks for what cannot be read is told, and the engine goes on`() async throws {
        let (runtime, number) = try await reopened(Self.options)
        rig.disk.fail(nth: 1, of: .read, code: EIO, persists: true)
        let error = await #expect(throws: RuntimeError.self) { try await runtime.summary(number) }
        guard case .log(.storage) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await #expect(throws: RuntimeError.self) {
            try await runtime.start(function: "pay", name: "order-1", input: input)
        }
        rig.disk.stopFailing()
        #expect(try await runtime.summary(number).input == .inline(input))
        guard case .running = runtime.health else {
            Issue.record("the engine has stopped")
            return
        }
        try await runtime.close(grace: .zero)
    }

    @Test func `a record that does not hold the payload is named`() async throws {
        let (runtime, number) = try await reopened(Self.options)
        let lsn = number.rawValue
        #expect(try await runtime.resolve(.stored(lsn: lsn, length: input.count), of: number) == input)
        // Another length, a record without a payload, and none at all.
        for (lsn, length) in [(lsn, input.count - 1), (lsn + 1, 0), (999, 3)] {
            let error = await #expect(throws: RuntimeError.self) {
                try await runtime.resolve(.stored(lsn: lsn, length: length), of: number)
            }
            switch error {
            case .payloadMissing(lsn, length): #expect(lsn != 999)
            case .log(.noSuchRecord): #expect(lsn == 999)
            default: Issue.record("\(String(describing: error))")
            }
            #expect(error?.description.contains("\(lsn)") == true)
        }
        try await runtime.close(grace: .zero)
    }
}
