import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// What the index says that an execution needs is what it needs where the disk has left it.
@Suite(.timeLimit(.minutes(10))) struct StandingTests {
    /// Waits for a callback; asks for it, and goes, without waiting for the disk.
    private static func function(_ calls: Calls) -> FunctionRegistration {
        FunctionRegistration(name: "ahead") { invocation in
            calls.note("invoked")
            await calls.wait("go")
            guard invocation.row("1") == nil else { return .pending }
            _ = try? await invocation.session().checkpoint([OperationUpdate(.callback("1"), .start)], forced: false)
            return .pending
        }
    }

    @Test func `an execution that is ahead of the disk is looked at by an opening that finds it behind`() async throws {
        let rig = Rig()
        let runtime = try await rig.open([Self.function(rig.calls)])
        let number = try await runtime.start(function: "ahead", name: "a", input: nil).id.number
        await rig.calls.wait("invoked")
        while try runtime.stepMaintenance() {}
        rig.calls.note("go")
        while runtime.core.withLock({ $0.engine.execution(number)?.isInFlight ?? true }) { await Task.yield() }
        // The engine snapshot is synced; what the handler has recorded has nobody who waits for it.
        #expect(try runtime.writeEngineSnapshot())
        let after = Rig(disk: rig.disk.crashed(seed: 1))
        try await runtime.close(grace: .zero)
        after.calls.note("go")
        let reopened = try await after.open([Self.function(after.calls)])
        await reopened.quiet()
        // Nobody has asked for it.
        #expect(after.calls.count("invoked") == 1)
        try await reopened.suspended(number)
        try await reopened.close(grace: .zero)
    }

    /// Its standing and its due time are as the tables have them; its last event is not there.
    @Test func `an execution that has moved since the engine snapshot stays in memory`() async throws {
        let rig = Rig()
        rig.calls.note("go")
        var options = Rig.options
        options.maintenance.idleTime = Milliseconds(0)
        let runtime = try await rig.open([Self.function(rig.calls)], options: options)
        let id = try await runtime.start(function: "ahead", name: "a", input: nil).id
        try await runtime.suspended(id.number)
        while try runtime.stepMaintenance() {}
        #expect(try runtime.writeEngineSnapshot())
        try await runtime.pause(id, PauseRequest())
        #expect(try runtime.evictIdle() == 0)
        #expect(try runtime.rest() == 1)
        try await runtime.close(grace: .zero)
    }

    @Test func `an execution whose invocation was in flight at the engine snapshot is invoked by the next opening`()
        async throws
    {
        let rig = Rig()
        let runtime = try await rig.open([Self.function(rig.calls)])
        let number = try await runtime.start(function: "ahead", name: "a", input: nil).id.number
        await rig.calls.wait("invoked")
        while try runtime.stepMaintenance() {}
        #expect(try runtime.writeEngineSnapshot())
        let after = Rig(disk: rig.disk.crashed(seed: 1))
        rig.calls.note("go")
        try await runtime.close(grace: .zero)
        after.calls.note("go")
        let reopened = try await after.open([Self.function(after.calls)])
        await reopened.quiet()
        #expect(after.calls.count("invoked") == 1)
        try await reopened.suspended(number)
        try await reopened.close(grace: .zero)
    }

    @Test func `an execution that is dropped while it is being read does not come back`() async throws {
        let rig = Rig()
        rig.calls.note("go")
        let runtime = try await rig.open([Self.function(rig.calls)])
        let id = try await runtime.start(function: "ahead", name: "a", input: nil).id
        try await runtime.suspended(id.number)
        while try runtime.stepMaintenance() {}
        let loaded = try #require(try runtime.reader.execution(id.number))
        _ = try await runtime.stop(id)
        try await runtime.delete(id)
        let isBack = runtime.core.withLock { core in
            var turn = Turn(now: core.lastTime, firstLSN: runtime.log.nextLSN)
            core.install(loaded, in: &turn)
            return core.engine.isResident(id.number)
        }
        #expect(!isBack)
        try await runtime.close(grace: .zero)
    }
}
