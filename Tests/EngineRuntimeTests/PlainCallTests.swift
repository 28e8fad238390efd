import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// The call of a plain function is an execution that nobody sees. SPEC.md, "Chained invoke".
@Suite(.timeLimit(.minutes(10))) struct PlainCallTests {
    private let rig = Rig()

    private func expectUnknown(_ runtime: EngineRuntime, _ number: ExecutionNumber) async {
        let error = await #expect(throws: RuntimeError.self) { try await runtime.summary(number) }
        guard case .unknownExecution(number) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `it is not listed, and gone when its caller knows its result`() async throws {
        let runtime = try await rig.open([.caller(of: "rate"), .patient("rate", rig.calls, isPlain: true)])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        let child = try await runtime.child(of: parent)
        await rig.calls.wait("rate invoked")
        #expect(try await runtime.list().map(\.id.number) == [parent])
        rig.calls.note("rate go")
        #expect(try await runtime.end(of: parent).result == .inline([7]))
        await expectUnknown(runtime, child.number)
        #expect(runtime.known == [parent])
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(reopened.known == [parent])
        try await reopened.close(grace: .zero)
    }

    @Test func `its failure and its crash are its caller's failure, as they are`() async throws {
        let declined = ErrorObject(message: "no", type: "Declined", data: "51", stackTrace: ["rate"])
        for outcome in [.failed(declined), .crashed(declined)] as [InvocationOutcome] {
            let rig = Rig()
            let rate = FunctionRegistration(name: "rate", isPlain: true) { _ in outcome }
            let runtime = try await rig.open([.caller(of: "rate"), rate])
            let parent = try await runtime.start(function: "pay", input: [7]).id.number
            #expect(try await runtime.end(of: parent).error == declined)
            await runtime.quiet()
            #expect(runtime.known == [parent])
            try await runtime.close(grace: .zero)
        }
    }

    @Test func `one that takes too long has failed, and its slot is free`() async throws {
        var rate = FunctionRegistration.patient("rate", rig.calls, isPlain: true)
        rate.invocationTimeout = Milliseconds(3_000)
        let runtime = try await rig.open([.caller(of: "rate"), rate])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        await rig.calls.wait("rate invoked")
        rig.advance(runtime, by: 3_000)
        #expect(
            try await runtime.end(of: parent).error
                == ErrorObject(message: "Function timed out after 3 seconds", type: "Sandbox.Timedout"))
        await rig.calls.wait("rate cancelled")
        await runtime.quiet()
        #expect(runtime.load == (running: 0, waiting: 0))
        #expect(runtime.known == [parent])
        try await runtime.close(grace: .zero)
    }

    @Test func `two timers of one that nobody waits for may be due together`() async throws {
        var rate = FunctionRegistration.patient("rate", rig.calls, isPlain: true)
        rate.invocationTimeout = Milliseconds(3_000)
        let runtime = try await rig.open([.caller(of: "rate", timeout: Milliseconds(3_000)), rate])
        let parent = try await runtime.start(function: "pay", input: [7]).id
        await rig.calls.wait("rate invoked")
        _ = try await runtime.stop(parent)
        rig.advance(runtime, by: 3_000)
        await rig.calls.wait("rate cancelled")
        await runtime.quiet()
        #expect(runtime.known == [parent.number])
        #expect(runtime.load == (running: 0, waiting: 0))
        try await runtime.close(grace: .zero)
    }

    @Test func `one that was called before it was registered fails with its first crash all the same`() async throws {
        let runtime = try await rig.open([.caller(of: "rate")])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        _ = try await runtime.child(of: parent)
        let crash = ErrorObject(message: "no", type: "Crash")
        try await runtime.register(FunctionRegistration(name: "rate", isPlain: true) { _ in .crashed(crash) })
        #expect(try await runtime.end(of: parent).error == crash)
        try await runtime.close(grace: .zero)
    }

    @Test func `a process that dies during it is no failure: it is called again`() async throws {
        let runtime = try await rig.open([.caller(of: "rate"), .patient("rate", rig.calls, isPlain: true)])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        let child = try await runtime.child(of: parent)
        await rig.calls.wait("rate invoked")
        try await runtime.suspended(parent)
        let after = Rig(disk: rig.disk.crashed(seed: 4))
        let reopened = try await after.open([.caller(of: "rate")])
        #expect(try await reopened.summary(child.number).standing == .functionNotRegistered)
        #expect(
            try await reopened.kinds(child.number) == [
                .executionStartedExtended, .invocationStarted, .invocationCompleted,
            ])
        try await reopened.register(.adder("rate", isPlain: true))
        #expect(try await reopened.end(of: parent).result == .inline([7, 1]))
        await reopened.quiet()
        #expect(reopened.known == [parent])
        try await reopened.close(grace: .zero)
        rig.calls.note("rate go")
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `it cannot checkpoint`() async throws {
        let rate = FunctionRegistration(name: "rate", isPlain: true) { invocation in
            for updates in [[], [OperationUpdate(.step("1"), .start)]] {
                let error = await #expect(throws: RuntimeError.self) {
                    try await invocation.runtime.checkpoint(invocation.token, updates)
                }
                #expect(error?.refusal?.message == "A plain function records no operations.")
            }
            return .succeeded(result: [9])
        }
        let runtime = try await rig.open([.caller(of: "rate"), rate])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        #expect(try await runtime.end(of: parent).result == .inline([9]))
        try await runtime.close(grace: .zero)
    }

    @Test func `stopped while it runs, it is gone when its handler is too`() async throws {
        let runtime = try await rig.open([
            .caller(of: "rate"),
            FunctionRegistration(name: "rate", isPlain: true) { [calls = rig.calls] _ in
                calls.note("rate invoked")
                await calls.wait("rate go")
                return .succeeded(result: nil)
            },
        ])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        let child = try await runtime.child(of: parent)
        await rig.calls.wait("rate invoked")
        _ = try await runtime.stop(child, ErrorObject(type: "Enough"))
        #expect(try await runtime.end(of: parent).error?.type == "Enough")
        #expect(try await runtime.summary(child.number).status == .stopped, "its handler is deaf")
        rig.calls.note("rate go")
        await runtime.quiet()
        await expectUnknown(runtime, child.number)
        try await runtime.close(grace: .zero)
    }

    @Test func `of a caller that has ended, nothing is kept of it either`() async throws {
        let runtime = try await rig.open([.caller(of: "rate"), .patient("rate", rig.calls, isPlain: true)])
        let parent = try await runtime.start(function: "pay", input: [7]).id
        let child = try await runtime.child(of: parent.number)
        await rig.calls.wait("rate invoked")
        _ = try await runtime.stop(parent)
        rig.calls.note("rate go")
        await runtime.quiet()
        await expectUnknown(runtime, child.number)
        try await runtime.close(grace: .zero)
    }
}
