import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

@Suite struct EngineRuntimeTests {
    private let rig = Rig()

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    /// Returns its input.
    private var echo: FunctionRegistration {
        FunctionRegistration(name: "echo") { invocation in
            guard case .execution(.inline(let input)?, _) = invocation.operations.first?.details else { return nil }
            return .succeeded(result: input)
        }
    }

    /// Waits a minute, then succeeds.
    private func waiting(_ name: String = "sleep") -> FunctionRegistration {
        FunctionRegistration(name: name) { [calls = rig.calls] invocation in
            calls.note("invoked")
            if invocation.row("1")?.status == .succeeded { return .succeeded(result: nil) }
            let start = OperationUpdate(.wait("1"), .start, options: .wait(duration: Milliseconds(60_000)))
            guard (try? await invocation.session().checkpoint([start])) != nil else { return nil }
            return .pending
        }
    }

    @Test func `an execution runs from its start to a result that its waiter gets`() async throws {
        let runtime = try await rig.open([echo])
        let started = try await runtime.start(function: "echo", name: "a", input: bytes("1"))
        #expect(started.isNew)
        let summary = try await runtime.end(of: started.id.number)
        #expect(summary.status == .succeeded)
        #expect(summary.result == .inline(bytes("1")))
        #expect(summary.standing == .ended)
        try await runtime.close(grace: .zero)
    }

    @Test func `the same name and input is the same execution, another input is refused`() async throws {
        let runtime = try await rig.open([echo])
        let first = try await runtime.start(function: "echo", name: "a", input: bytes("1"))
        let again = try await runtime.start(function: "echo", name: "a", input: bytes("1"))
        #expect(again.id == first.id)
        #expect(!again.isNew)
        let error = await #expect(throws: RuntimeError.self) {
            try await runtime.start(function: "echo", name: "a", input: bytes("2"))
        }
        guard case .refused(let refusal) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(refusal.code == .executionAlreadyStarted)
        try await runtime.close(grace: .zero)
    }

    @Test func `a start of an unknown function records nothing`() async throws {
        let runtime = try await rig.open([echo])
        await #expect(throws: RuntimeError.self) { try await runtime.start(function: "nope", input: nil) }
        #expect(try await runtime.list().isEmpty)
        try await runtime.close(grace: .zero)
    }

    @Test func `a checkpoint returns the changed rows and the next token, and consumes its own`() async throws {
        let calls = rig.calls
        let function = FunctionRegistration(name: "pay") { invocation in
            let step = OperationIdentity.step("1")
            let session = invocation.session()
            do {
                let rows = try await session.checkpoint([
                    OperationUpdate(step, .start), OperationUpdate(step, .succeed, payload: [0x31]),
                ])
                #expect(rows.map(\.status) == [.succeeded])
                await #expect(throws: RuntimeError.self, "the first token is spent") {
                    try await invocation.runtime.checkpoint(invocation.token, [])
                }
                #expect(try await session.checkpoint([]).isEmpty, "nothing changed since")
            } catch {
                Issue.record(error)
            }
            calls.note("done")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function])
        let started = try await runtime.start(function: "pay", input: nil)
        _ = try await runtime.end(of: started.id.number)
        #expect(calls.count("done") == 1)
        try await runtime.close(grace: .zero)
    }

    @Test func `a suspended execution is invoked again when its wait is over, and not before`() async throws {
        let runtime = try await rig.open([waiting()])
        let started = try await runtime.start(function: "sleep", input: nil)
        try await settled(runtime, started.id.number)
        rig.advance(runtime, by: 59_999)
        #expect(rig.calls.count("invoked") == 1)
        rig.advance(runtime, by: 1)
        let summary = try await runtime.end(of: started.id.number)
        #expect(summary.status == .succeeded)
        #expect(rig.calls.count("invoked") == 2)
        let kinds = try await runtime.history(started.id.number).map(\.event.eventKind)
        #expect(
            kinds == [
                .executionStarted, .invocationStarted, .waitStarted, .invocationCompleted, .waitSucceeded,
                .invocationStarted, .invocationCompleted, .executionSucceeded,
            ])
        try await runtime.close(grace: .zero)
    }

    /// Waits until the execution is suspended.
    private func settled(_ runtime: EngineRuntime, _ number: ExecutionNumber) async throws {
        while true {
            if case .suspended = try await runtime.summary(number).standing { return }
            await Task.yield()
        }
    }

    @Test func `a callback that comes while the handler runs leads to another invocation, one at a time`() async throws
    {
        let calls = rig.calls
        let function = FunctionRegistration(name: "ask") { invocation in
            calls.note("invoked")
            if invocation.row("1")?.status == .succeeded { return .succeeded(result: nil) }
            guard let rows = try? await invocation.session().checkpoint([OperationUpdate(.callback("1"), .start)]),
                case .callback(let id)? = rows.first?.details
            else { return nil }
            do { try await invocation.runtime.complete(id, .succeed([0x31])) } catch { Issue.record(error) }
            #expect(calls.count("invoked") == 1)
            return .pending
        }
        let runtime = try await rig.open([function])
        let started = try await runtime.start(function: "ask", input: nil)
        #expect(try await runtime.end(of: started.id.number).status == .succeeded)
        #expect(calls.count("invoked") == 2)
        try await runtime.close(grace: .zero)
    }

    @Test func `a made-up callback id or token is refused the same whatever it names`() async throws {
        let function = FunctionRegistration(name: "ask") { invocation in
            _ = try? await invocation.session().checkpoint([OperationUpdate(.callback("1"), .start)])
            return .pending
        }
        let runtime = try await rig.open([function])
        let id = try await runtime.start(function: "ask", input: nil).id
        try await settled(runtime, id.number)
        // The open callback; an operation, and an execution, that do not exist.
        let places: [(ExecutionNumber, UInt32)] = [(id.number, 0), (id.number, 7), (ExecutionNumber(9_999), 0)]
        for (number, ordinal) in places.map({ ($0, OperationOrdinal($1)) }) {
            // The best that the public id gives: its check, and what follows from it as if it were the secret.
            let derived = CallbackID(execution: number, ordinal: ordinal, secret: id.check).check
            for check in [id.check, derived] {
                let callback = CallbackID(execution: number, ordinal: ordinal, check: check)
                let refusal = await #expect(throws: RuntimeError.self) {
                    try await runtime.complete(callback, .succeed(nil))
                }
                #expect(refusal?.description == RuntimeError.refused(.callbackNotFound).description)
                let token = CheckpointToken(execution: number, invocation: 1, sequence: 1, check: check)
                let tokenRefusal = await #expect(throws: RuntimeError.self) {
                    try await runtime.checkpoint(token, [])
                }
                #expect(tokenRefusal?.description == RuntimeError.refused(.invalidCheckpointToken).description)
            }
        }
        #expect(try await runtime.summary(id.number).standing == .suspended(nextDue: nil))
        try await runtime.close(grace: .zero)
    }

    @Test func `no more invocations are in flight than the limits allow`() async throws {
        let calls = rig.calls
        let function = FunctionRegistration(name: "busy", concurrencyLimit: 2) { _ in
            calls.note("invoked")
            await calls.wait("go")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function])
        var numbers: [ExecutionNumber] = []
        for _ in 0..<5 { numbers.append(try await runtime.start(function: "busy", input: nil).id.number) }
        await calls.wait("invoked", count: 2)
        #expect(runtime.load == (running: 2, waiting: 3))
        #expect(try await runtime.summary(numbers[4]).standing == .queued)
        calls.note("go")
        for number in numbers { #expect(try await runtime.end(of: number).status == .succeeded) }
        #expect(calls.count("invoked") == 5)
        try await runtime.close(grace: .zero)
    }

    @Test func `an invocation that takes too long is a crash in the record and cannot write any more`() async throws {
        let calls = rig.calls
        var function = FunctionRegistration(name: "hang") { invocation in
            calls.note("invoked")
            if invocation.number == 2 { return .succeeded(result: nil) }
            await calls.wait("timed out")
            await #expect(throws: RuntimeError.self) { try await invocation.runtime.checkpoint(invocation.token, []) }
            calls.note("refused")
            return .succeeded(result: [0x39])
        }
        function.invocationTimeout = Milliseconds(5_000)
        let runtime = try await rig.open([function])
        let started = try await runtime.start(function: "hang", input: nil)
        await calls.wait("invoked")
        rig.advance(runtime, by: 5_000)
        calls.note("timed out")
        await calls.wait("refused")
        rig.advance(runtime, by: 1_000)
        let summary = try await runtime.end(of: started.id.number)
        #expect(summary.result == nil, "what the timed-out invocation returned is ignored")
        let errors = try await runtime.history(started.id.number).compactMap { event -> ErrorObject? in
            guard case .invocationCompleted(.crashed(let error, _)) = event.event else { return nil }
            return error
        }
        #expect(errors == [ErrorObject(message: "Function timed out after 5 seconds", type: nil)])
        try await runtime.close(grace: .zero)
    }

    @Test func `stop ends an execution, cancels its invocation and wakes who waits`() async throws {
        let calls = rig.calls
        let function = FunctionRegistration(name: "hang") { _ in
            calls.note("invoked")
            await withTaskCancellationHandler {
                await calls.wait("cancelled")
            } onCancel: {
                calls.note("cancelled")
            }
            return nil
        }
        let runtime = try await rig.open([function])
        let started = try await runtime.start(function: "hang", input: nil)
        await calls.wait("invoked")
        async let end = runtime.end(of: started.id.number)
        _ = try await runtime.stop(started.id, ErrorObject(message: "enough"))
        let summary = try await end
        #expect(summary.status == .stopped)
        #expect(summary.error?.message == "enough")
        await calls.wait("cancelled")
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `executions of a function that is not registered wait and say so, and move when it is`() async throws {
        let first = try await rig.open([waiting()])
        let started = try await first.start(function: "sleep", input: nil)
        try await settled(first, started.id.number)
        try await first.close(grace: .seconds(5))

        let second = try await rig.open()
        rig.advance(second, by: 60_000)
        #expect(try await second.summary(started.id.number).standing == .functionNotRegistered)
        try await second.register(waiting())
        #expect(try await second.end(of: started.id.number).status == .succeeded)
        try await second.close(grace: .seconds(5))
    }

    @Test func `a held execution is tried once for each registration of its function`() async throws {
        let calls = rig.calls
        let divergence = Divergence(recorded: .step("1", "old"), attempted: .step("1", "new"))
        let changed = FunctionRegistration(name: "pay") { _ in
            calls.note("changed")
            return .held(divergence)
        }
        let runtime = try await rig.open([changed])
        let number = try await runtime.start(function: "pay", input: nil).id.number
        while try await runtime.summary(number).standing != .held(DivergenceReport(divergence, siblings: [])) {
            await Task.yield()
        }
        #expect(calls.count("changed") == 1)
        rig.advance(runtime, by: 86_400_000)
        #expect(calls.count("changed") == 1, "time alone does not try again")
        try await runtime.register(FunctionRegistration(name: "pay") { _ in .succeeded(result: nil) })
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `waiting for an end stops when the waiter is cancelled, and the execution goes on`() async throws {
        let runtime = try await rig.open([waiting()])
        let started = try await runtime.start(function: "sleep", input: nil)
        try await settled(runtime, started.id.number)
        let waiter = Task { try await runtime.end(of: started.id.number) }
        waiter.cancel()
        await #expect(throws: RuntimeError.self) { try await waiter.value }
        #expect(try await runtime.summary(started.id.number).status == .running)
        try await runtime.close(grace: .zero)
    }
}
