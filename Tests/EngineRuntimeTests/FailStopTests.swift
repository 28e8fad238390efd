import ExecutionEngine
import ExecutionModel
import Glibc
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// A log that fails stops the engine: at once, for everybody, and for good.
@Suite(.timeLimit(.minutes(10))) struct FailStopTests {
    private let rig = Rig()

    /// Succeeds when the test says `go`.
    private var patient: FunctionRegistration {
        FunctionRegistration(name: "patient") { [calls = rig.calls] _ in
            calls.note("invoked")
            await calls.wait("go")
            return .succeeded(result: nil)
        }
    }

    private func isFailed(_ runtime: EngineRuntime) -> Bool {
        if case .failed = runtime.health { true } else { false }
    }

    @Test func `who waits for an end that the log could not keep is told`() async throws {
        let runtime = try await rig.open([patient])
        let number = try await runtime.start(function: "patient", input: nil).id.number
        await rig.calls.wait("invoked")
        let waiter = Task { try await runtime.end(of: number) }
        while runtime.core.withLock({ $0.endWaiters.isEmpty }) { await Task.yield() }
        rig.disk.fail(nth: 1, of: .sync, code: EIO, persists: true)
        rig.calls.note("go")
        await #expect(throws: RuntimeError.self) { try await waiter.value }
        await #expect(throws: RuntimeError.self) { try await runtime.close(grace: .zero) }
    }

    @Test func `an invocation whose start the log could not keep is given up, with its slot`() async throws {
        let runtime = try await rig.open([patient])
        rig.disk.fail(nth: 1, of: .sync, code: EIO, persists: true)
        await #expect(throws: RuntimeError.self) { try await runtime.start(function: "patient", input: nil) }
        while !runtime.isQuiet { await Task.yield() }
        #expect(runtime.load.running == 0)
        #expect(rig.calls.count("invoked") == 0)
        await #expect(throws: RuntimeError.self) { try await runtime.close(grace: .seconds(60)) }
    }

    @Test func `a write that fails while nobody waits for it stops the engine all the same`() async throws {
        let disk = rig.disk
        let calls = rig.calls
        let function = FunctionRegistration(name: "long") { invocation in
            disk.fail(nth: 1, of: .write, code: EIO, persists: true)
            _ = try? await invocation.session().checkpoint([OperationUpdate(.step("1"), .start)], forced: false)
            await calls.wait("go")
            return .succeeded(result: nil)
        }
        var options = Rig.options
        options.log.unforcedWriteDelay = 0
        let runtime = try await rig.open([function], options: options)
        let running = Task { try await runtime.run() }
        _ = try await runtime.start(function: "long", input: nil)
        await #expect(throws: RuntimeError.self) { try await running.value }
        #expect(isFailed(runtime))
        calls.note("go")
        await #expect(throws: RuntimeError.self) { try await runtime.close(grace: .zero) }
    }

    @Test func `an engine whose last sync fails has failed, not closed`() async throws {
        let runtime = try await rig.open([patient])
        rig.calls.note("go")
        let number = try await runtime.start(function: "patient", input: nil).id.number
        _ = try await runtime.end(of: number)
        let running = Task { try await runtime.run() }
        rig.disk.fail(nth: 1, of: .sync, code: EIO, persists: true)
        await #expect(throws: RuntimeError.self) { try await runtime.close(grace: .zero) }
        #expect(isFailed(runtime))
        await #expect(throws: RuntimeError.self) { try await running.value }
    }

    @Test func `an end that a full disk has no room for is recorded when it has`() async throws {
        let function = FunctionRegistration(name: "big") { [calls = rig.calls] _ in
            await calls.wait("go")
            return .succeeded(result: [UInt8](repeating: 1, count: 1 << 20))
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "big", input: nil).id.number
        rig.disk.capacity = rig.disk.usedByteCount
        rig.calls.note("go")
        while !runtime.isQuiet { await Task.yield() }
        #expect(try await runtime.summary(number).standing == .invocationInFlight)
        rig.advance(runtime, by: 1_000)
        while !runtime.isQuiet { await Task.yield() }
        #expect(try await runtime.summary(number).standing == .invocationInFlight, "the disk is full as before")
        rig.disk.capacity = .max
        while try await runtime.summary(number).status == .running {
            rig.advance(runtime, by: 1_000)
            await Task.yield()
        }
        #expect(try await runtime.end(of: number).result?.length == 1 << 20)
        try await runtime.close(grace: .zero)
    }
}
