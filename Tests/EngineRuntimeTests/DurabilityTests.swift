import ExecutionEngine
import ExecutionModel
import Glibc
import LogStorage
import Testing

@testable import EngineRuntime

/// No effect before its cause is durable, none lost afterwards.
@Suite struct DurabilityTests {
    private let rig = Rig()

    /// A handler that notes its invocation and hangs until it is cancelled or told to go on.
    private func hanging(until signal: String = "go") -> FunctionRegistration {
        FunctionRegistration(name: "hang") { [calls = rig.calls] _ in
            calls.note("invoked")
            await withTaskCancellationHandler {
                await calls.wait(signal)
            } onCancel: {
                calls.note(signal)
            }
            return Task.isCancelled ? .failed(ErrorObject(type: "CancellationError")) : .succeeded(result: nil)
        }
    }

    /// Lets every task that can run come to its next wait: what wrongly happened early has happened then.
    private func everybodyElse() async {
        for _ in 0..<100 { await Task.yield() }
    }

    @Test func `neither reply nor invocation comes before the start is synced`() async throws {
        let files = GatedFileSystem(rig.disk)
        let runtime = try await rig.open([hanging()], fileSystem: files)
        files.gate.close()
        let start = Task { [calls = rig.calls] in
            let reply = try await runtime.start(function: "hang", input: nil)
            calls.note("replied")
            return reply
        }
        await files.gate.somebodyWaits()
        await everybodyElse()
        #expect(rig.calls.count("invoked") == 0)
        #expect(rig.calls.count("replied") == 0)
        files.gate.open()
        await rig.calls.wait("invoked")
        await rig.calls.wait("replied")
        rig.calls.note("go")
        #expect(try await runtime.end(of: start.value.id.number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `a read waits until what it saw is synced`() async throws {
        let files = GatedFileSystem(rig.disk)
        let runtime = try await rig.open([hanging()], fileSystem: files)
        files.gate.close()
        let start = Task { try await runtime.start(function: "hang", name: "a", input: nil) }
        await files.gate.somebodyWaits()
        let number = try #require(runtime.number(function: "hang", name: "a"))
        let read = Task { [calls = rig.calls] in
            let summary = try await runtime.summary(number)
            calls.note("read")
            return summary
        }
        let again = Task { [calls = rig.calls] in
            _ = try? await runtime.start(function: "hang", name: "a", input: [0x31])
            calls.note("refused")
        }
        await everybodyElse()
        #expect(rig.calls.count("read") == 0)
        #expect(rig.calls.count("refused") == 0, "a refusal rests on the start it saw")
        files.gate.open()
        #expect(try await read.value.status == .running)
        await again.value
        _ = try await start.value
        rig.calls.note("go")
        _ = try await runtime.end(of: number)
        try await runtime.close(grace: .zero)
    }

    @Test func `the refusal of an unforced checkpoint waits until what it saw is synced`() async throws {
        let files = GatedFileSystem(rig.disk)
        let calls = rig.calls
        let function = FunctionRegistration(name: "twice") { invocation in
            calls.note("invoked")
            await calls.wait("go")
            let session = invocation.session()
            let success = OperationUpdate(.step("1"), .succeed)
            _ = try? await session.checkpoint([success], forced: false)
            calls.note("recorded")
            do { _ = try await session.checkpoint([success], forced: false) } catch { calls.note("refused") }
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function], fileSystem: files)
        let id = try await runtime.start(function: "twice", input: nil).id
        await calls.wait("invoked")
        files.gate.close()
        calls.note("go")
        await calls.wait("recorded")
        await files.gate.somebodyWaits()
        await everybodyElse()
        #expect(calls.count("refused") == 0)
        files.gate.open()
        #expect(try await runtime.end(of: id.number).status == .succeeded)
        #expect(calls.count("refused") == 1)
        try await runtime.close(grace: .zero)
    }

    @Test func `an unforced checkpoint does not wait for the disk`() async throws {
        let files = GatedFileSystem(rig.disk)
        let calls = rig.calls
        let function = FunctionRegistration(name: "pay") { invocation in
            files.gate.close()
            let start = OperationUpdate(.step("1"), .start)
            do {
                let rows = try await invocation.session().checkpoint([start], forced: false)
                #expect(rows.map(\.status) == [.started])
            } catch {
                Issue.record(error)
            }
            calls.note("posted")
            files.gate.open()
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function], fileSystem: files)
        let number = try await runtime.start(function: "pay", input: nil).id.number
        #expect(try await runtime.end(of: number).status == .succeeded)
        #expect(calls.count("posted") == 1)
        try await runtime.close(grace: .zero)
    }

    @Test func `what was acknowledged before a power cut is there after it, and the dead invocation is recorded`()
        async throws
    {
        let runtime = try await rig.open([hanging()])
        let started = try await runtime.start(function: "hang", name: "a", input: [0x31])
        await rig.calls.wait("invoked")
        let after = Rig(disk: rig.disk.crashed(seed: 3))
        let reopened = try await after.open([
            FunctionRegistration(name: "hang") { _ in .succeeded(result: [0x32]) }
        ])
        #expect(reopened.number(function: "hang", name: "a") == started.id.number)
        #expect(try await reopened.end(of: started.id.number).result == .inline([0x32]))
        let ends = try await reopened.history(started.id.number).compactMap { event -> String? in
            guard case .invocationCompleted(.crashed(let error, let delay)) = event.event else { return nil }
            #expect(delay == Milliseconds(0), "a process that ended is no failing handler")
            return error.type
        }
        #expect(ends == ["Runtime.ExitError"])
        try await reopened.close(grace: .zero)
        rig.calls.note("go")
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `an invocation that outlived its stopped execution is ended in the record after a crash`() async throws {
        let runtime = try await rig.open([
            FunctionRegistration(name: "deaf") { [calls = rig.calls] _ in
                calls.note("invoked")
                await calls.wait("go")
                return nil
            }
        ])
        let started = try await runtime.start(function: "deaf", input: nil)
        await rig.calls.wait("invoked")
        _ = try await runtime.stop(started.id)
        let after = Rig(disk: rig.disk.crashed(seed: 5))
        let reopened = try await after.open()
        let kinds = try await reopened.history(started.id.number).map(\.event.eventKind)
        #expect(kinds == [.executionStarted, .invocationStarted, .executionStopped, .invocationCompleted])
        try await reopened.close(grace: .zero)
        rig.calls.note("go")
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `close lets handlers end within the grace`() async throws {
        let runtime = try await rig.open([hanging()])
        let number = try await runtime.start(function: "hang", input: nil).id.number
        await rig.calls.wait("invoked")
        let closing = Task { try await runtime.close(grace: .seconds(60)) }
        while case .running = runtime.health { await Task.yield() }
        rig.calls.note("go")
        try await closing.value
        let reopened = try await rig.open()
        #expect(try await reopened.summary(number).status == .succeeded)
        try await reopened.close(grace: .zero)
    }

    @Test func `close records nothing of a handler that it cancels`() async throws {
        let runtime = try await rig.open([hanging(until: "never")])
        let number = try await runtime.start(function: "hang", input: nil).id.number
        await rig.calls.wait("invoked")
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(try await reopened.summary(number).standing == .functionNotRegistered)
        let kinds = try await reopened.history(number).map(\.event.eventKind)
        #expect(kinds == [.executionStarted, .invocationStarted, .invocationCompleted])
        try await reopened.close(grace: .zero)
    }

    @Test func `a closed engine refuses commands and answers those who wait`() async throws {
        let runtime = try await rig.open([hanging()])
        let number = try await runtime.start(function: "hang", input: nil).id.number
        await rig.calls.wait("invoked")
        let waiter = Task { try await runtime.end(of: number) }
        let running = Task { try await runtime.run() }
        try await runtime.close(grace: .zero)
        try await running.value
        await #expect(throws: RuntimeError.self) { try await waiter.value }
        await #expect(throws: RuntimeError.self) { try await runtime.start(function: "hang", input: nil) }
        try await runtime.close(grace: .zero)
    }

    @Test func `a failed sync stops the engine, which says why and can be opened again`() async throws {
        let runtime = try await rig.open([hanging(until: "never")])
        let number = try await runtime.start(function: "hang", name: "a", input: nil).id.number
        await rig.calls.wait("invoked")
        let waiter = Task { try await runtime.end(of: number) }
        let running = Task { try await runtime.run() }
        rig.disk.fail(nth: 1, of: .sync, code: EIO, persists: true)
        await #expect(throws: RuntimeError.self) { try await runtime.start(function: "hang", name: "b", input: nil) }
        await #expect(throws: RuntimeError.self) { try await running.value }
        await #expect(throws: RuntimeError.self) { try await waiter.value }
        guard case .failed = runtime.health else {
            Issue.record("health is \(runtime.health)")
            return
        }
        await #expect(throws: RuntimeError.self, "the close tells it again") { try await runtime.close(grace: .zero) }
        rig.disk.stopFailing()
        let reopened = try await rig.open()
        #expect(reopened.number(function: "hang", name: "a") == number)
        try await reopened.close(grace: .zero)
    }
}
