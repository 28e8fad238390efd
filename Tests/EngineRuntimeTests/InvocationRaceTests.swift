import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// What happens between two things that a test would rather have one after the other.
@Suite(.timeLimit(.minutes(10))) struct InvocationRaceTests {
    private let rig = Rig()

    @Test func `a function that is registered while its old code still runs gets its try at what that code holds`()
        async throws
    {
        let calls = rig.calls
        let divergence = Divergence(recorded: .step("1", "old"), attempted: .step("1", "new"))
        let changed = FunctionRegistration(name: "pay") { _ in
            calls.note("invoked")
            await calls.wait("go")
            return .held(divergence)
        }
        let runtime = try await rig.open([changed])
        let number = try await runtime.start(function: "pay", input: nil).id.number
        await calls.wait("invoked")
        try await runtime.register(FunctionRegistration(name: "pay") { _ in .succeeded(result: nil) })
        calls.note("go")
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `an unforced reply tells of nothing that could still be lost`() async throws {
        let files = GatedFileSystem(rig.disk)
        let calls = rig.calls
        let created = Mutex<CallbackID?>(nil)
        let function = FunctionRegistration(name: "ask") { invocation in
            let session = invocation.session()
            do {
                let rows = try await session.checkpoint([OperationUpdate(.callback("1"), .start)])
                guard case .callback(let id)? = rows.first?.details else { return nil }
                created.withLock { $0 = id }
                calls.note("created")
                await calls.wait("answered")
                calls.note("asking")
                let news = try await session.checkpoint([OperationUpdate(.step("2"), .start)], forced: false)
                #expect(news.map(\.status) == [.succeeded, .started])
            } catch {
                Issue.record(error)
            }
            calls.note("told")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function], fileSystem: files)
        let number = try await runtime.start(function: "ask", input: nil).id.number
        await calls.wait("created")
        let id = try #require(created.withLock { $0 })
        files.gate.close()
        let answer = Task { try await runtime.complete(id, .succeed([0x31])) }
        await files.gate.somebodyWaits()
        calls.note("answered")
        await calls.wait("asking")
        for _ in 0..<100 { await Task.yield() }
        #expect(calls.count("told") == 0, "the callback's answer is not synced")
        files.gate.open()
        try await answer.value
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [16 << 20, 33 << 20])
    func `a result that no limit admits fails its execution`(byteCount: Int) async throws {
        let function = FunctionRegistration(name: "big") { _ in
            .succeeded(result: [UInt8](repeating: 0, count: byteCount))
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "big", input: nil).id.number
        let summary = try await runtime.end(of: number)
        #expect(summary.status == .failed)
        #expect(summary.error?.type == "InvalidParameterValueException")
        let error = await #expect(throws: RuntimeError.self) {
            try await runtime.start(function: "big", input: [UInt8](repeating: 0, count: byteCount))
        }
        guard case .refused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await runtime.close(grace: .zero)
    }

    @Test func `who hears that the engine is quiet may ask it something`() async throws {
        let calls = rig.calls
        let listener = Mutex<EngineRuntime?>(nil)
        let seams = Seams(
            fileSystem: rig.disk, clock: rig.clock, seed: 7, runsTimers: false, runsMaintenance: false,
            onQuiet: {
                guard let runtime = listener.withLock({ $0 }) else { return }
                if case .running = runtime.health { calls.note("asked") }
            })
        let runtime = try await EngineRuntime.open(at: "log", options: Rig.options, seams: seams)
        listener.withLock { $0 = runtime }
        // It records nothing, so nothing of it has to wait for the disk.
        try await runtime.register(FunctionRegistration(name: "pay") { _ in nil })
        await calls.wait("asked")
        listener.withLock { $0 = nil }
        try await runtime.close(grace: .zero)
    }

    @Test func `a cancellation handler that blocks does not hold up the log`() async throws {
        let calls = rig.calls
        let release = WakeSignal()
        let function = FunctionRegistration(name: "stubborn") { invocation in
            guard invocation.start.name == "a" else { return .succeeded(result: nil) }
            calls.note("invoked")
            await withTaskCancellationHandler {
                await calls.wait("cancelled")
            } onCancel: {
                calls.note("cancelling")
                release.wait(milliseconds: nil)
                calls.note("cancelled")
            }
            return nil
        }
        let runtime = try await rig.open([function])
        let started = try await runtime.start(function: "stubborn", name: "a", input: nil)
        await calls.wait("invoked")
        _ = try await runtime.stop(started.id)
        await calls.wait("cancelling")
        let other = try await runtime.start(function: "stubborn", name: "b", input: nil)
        #expect(try await runtime.end(of: other.id.number).status == .succeeded)
        release.post()
        try await runtime.close(grace: .seconds(60))
    }
}
