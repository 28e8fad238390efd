import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// Executions that wait are on the disk alone, and nobody can tell but by the memory.
@Suite struct ResidencyTests {
    private let rig = Rig()

    private static let options: RuntimeOptions = {
        var options = Rig.options
        options.maintenance.idleTime = Milliseconds(0)
        options.maintenance.timerHorizon = Milliseconds(60_000)
        return options
    }()

    private static let day = Milliseconds(86_400_000)

    /// Waits a day between two steps, or for its callback.
    private func functions() -> [FunctionRegistration] {
        let calls = rig.calls
        return [
            FunctionRegistration(name: "day") { invocation in
                calls.note("day")
                let session = invocation.session()
                guard let wait = invocation.row("2") else {
                    _ = try? await session.checkpoint([
                        OperationUpdate(.step("1"), .succeed, payload: [1, 2, 3]),
                        OperationUpdate(.wait("2"), .start, options: .wait(duration: Self.day)),
                    ])
                    return .pending
                }
                guard wait.status == .succeeded else { return .pending }
                return .succeeded(result: invocation.row("1")?.result.flatMap { $0.inlineBytes })
            },
            FunctionRegistration(name: "callback") { invocation in
                calls.note("callback")
                guard let row = invocation.row("1") else {
                    _ = try? await invocation.session().checkpoint([
                        OperationUpdate(.callback("1"), .start)
                    ])
                    return .pending
                }
                return row.status == .succeeded ? .succeeded(result: row.result?.inlineBytes) : .pending
            },
        ]
    }

    private func open(_ rig: Rig? = nil) async throws -> EngineRuntime {
        try await (rig ?? self.rig).open(functions(), options: Self.options)
    }

    private func suspended(_ runtime: EngineRuntime, _ function: FunctionKey, name: String) async throws -> ExecutionID
    {
        let id = try await runtime.start(function: function, name: name, input: [7]).id
        try await runtime.suspended(id.number)
        return id
    }

    @Test func `an execution that waits leaves memory and comes back when it is due`() async throws {
        let runtime = try await open()
        let id = try await suspended(runtime, "day", name: "a")
        #expect(try runtime.rest() == 1)
        #expect(runtime.residentCount == 0)
        #expect(runtime.core.withLock { $0.timers.count } == 0, "its timer stays in memory")
        rig.clock.advance(by: Self.day.rawValue)
        try await runtime.passTime()
        let end = try await runtime.end(of: id.number)
        #expect(end.status == .succeeded && end.result == .inline([1, 2, 3]))
        #expect(rig.calls.count("day") == 2)
        try await runtime.close(grace: .zero)
    }

    @Test func `an execution on the disk is found by its number and by its name, and no other takes the name`()
        async throws
    {
        let runtime = try await open()
        let id = try await suspended(runtime, "callback", name: "order-1")
        try runtime.rest()
        #expect(try await runtime.summary(id.number).id == id)
        try runtime.rest()
        #expect(try await runtime.summary(function: "callback", name: "order-1")?.id == id)
        try runtime.rest()
        #expect(try await runtime.summary(function: "callback", name: "order-2") == nil)
        #expect(runtime.residentCount == 0, "a look for another name brings it in")
        let again = try await runtime.start(function: "callback", name: "order-1", input: [7])
        #expect(again.id == id && !again.isNew)
        try runtime.rest()
        let error = await #expect(throws: RuntimeError.self) {
            try await runtime.start(function: "callback", name: "order-1", input: [8])
        }
        #expect(error?.refusal?.code == .executionAlreadyStarted)
        try runtime.rest()
        #expect(try await runtime.list().map(\.id) == [id])
        #expect(runtime.residentCount == 0, "a list brings it in")
        try await runtime.close(grace: .zero)
    }

    @Test func `a callback completes an execution on the disk`() async throws {
        let runtime = try await open()
        let id = try await suspended(runtime, "callback", name: "a")
        let callback = try #require(
            runtime.core.withLock { core in core.engine.update(id.number) { $0.callbackID(OperationOrdinal(0)) } })
        try runtime.rest()
        #expect(runtime.residentCount == 0)
        try await runtime.complete(callback, .succeed([9]))
        #expect(try await runtime.end(of: id.number).result == .inline([9]))
        try await runtime.close(grace: .zero)
    }

    @Test func `who waits for the end of an execution keeps it from nothing, and hears of it`() async throws {
        let runtime = try await open()
        let id = try await suspended(runtime, "day", name: "a")
        let end = Task { try await runtime.end(of: id.number) }
        while !runtime.isAwaited { await Task.yield() }
        #expect(try runtime.rest() == 1)
        rig.clock.advance(by: Self.day.rawValue)
        try await runtime.passTime()
        #expect(try await end.value.status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `an ended execution leaves memory, and its history is read from the disk`() async throws {
        let runtime = try await open()
        let id = try await suspended(runtime, "callback", name: "a")
        _ = try await runtime.stop(id)
        let kinds = try await runtime.kinds(id.number)
        #expect(try runtime.rest() == 1)
        #expect(try await runtime.kinds(id.number) == kinds)
        #expect(try await runtime.summary(id.number).status == .stopped)
        try runtime.rest()
        try await runtime.delete(id)
        try runtime.rest()
        await #expect(throws: RuntimeError.self) { try await runtime.summary(id.number) }
        #expect(try await runtime.summary(function: "callback", name: "a") == nil)
        try await runtime.close(grace: .zero)
    }

    @Test func `an invoked execution that is looked at later leaves memory, and its retention ends it`() async throws {
        let child = FunctionRegistration(
            name: "child", retention: RetentionPolicy(Milliseconds(60_000))
        ) { _ in .succeeded(result: nil) }
        let runtime = try await rig.open([.caller(of: "child"), child], options: Self.options)
        let parent = try await runtime.start(function: "pay", input: nil).id
        #expect(try await runtime.end(of: parent.number).status == .succeeded)
        await runtime.quiet()
        let number = try #require(try await runtime.list().map(\.id.number).first { $0 != parent.number })
        #expect(try runtime.rest() == 2)
        // The one that invoked it is there when it comes in, knows its result, and leaves before it.
        _ = try await runtime.summary(parent.number)
        _ = try await runtime.summary(number)
        await runtime.quiet()
        try runtime.rest()
        try runtime.rest()
        #expect(runtime.residentCount == 0)
        rig.clock.advance(by: 61_000)
        try await runtime.passTime()
        await runtime.quiet()
        await #expect(throws: RuntimeError.self) { try await runtime.summary(number) }
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [false, true])
    func `an engine that was opened again goes on with what was on the disk`(keepsUnsynced: Bool) async throws {
        let runtime = try await open()
        let waiting = try await suspended(runtime, "day", name: "a")
        try runtime.rest()
        let other = try await suspended(runtime, "day", name: "b")
        let disk = keepsUnsynced ? rig.disk.afterProcessKill() : rig.disk.crashed(seed: 3)
        try await runtime.close(grace: .zero)

        let after = Rig(disk: disk)
        let reopened = try await open(after)
        #expect(reopened.core.withLock { !$0.engine.isResident(waiting.number) }, "what waits is brought in")
        #expect(
            reopened.core.withLock { $0.engine.isResident(other.number) }, "what has moved since the snapshot is not")
        after.clock.advance(by: Self.day.rawValue)
        try await reopened.passTime()
        for id in [waiting, other] { #expect(try await reopened.end(of: id.number).status == .succeeded) }
        try await reopened.close(grace: .zero)
    }

    @Test func `an execution whose function is unknown leaves memory, and runs once it is registered`() async throws {
        let runtime = try await open()
        let id = try await suspended(runtime, "day", name: "a")
        try runtime.rest()
        let disk = rig.disk.crashed(seed: 1)
        try await runtime.close(grace: .zero)
        let after = Rig(disk: disk)
        after.clock.advance(by: 2 * Self.day.rawValue)
        let reopened = try await after.open([], options: Self.options)
        try await reopened.passTime()
        try await reopened.summary(id.number) { $0.standing == .functionNotRegistered }
        #expect(try reopened.rest() == 1)
        for function in functions() { try await reopened.register(function) }
        #expect(try await reopened.end(of: id.number).status == .succeeded)
        try await reopened.close(grace: .zero)
    }

    @Test func `a thousand that wait take no memory, and all are done a day later`() async throws {
        let runtime = try await open()
        var ids: [ExecutionID] = []
        for index in 0..<1_000 {
            ids.append(try await runtime.start(function: "day", name: "n\(index)", input: nil).id)
        }
        for id in ids { try await runtime.suspended(id.number) }
        #expect(try runtime.rest() == 1_000)
        #expect(runtime.residentCount == 0)
        rig.clock.advance(by: Self.day.rawValue)
        try await runtime.passTime()
        for id in ids { #expect(try await runtime.end(of: id.number).status == .succeeded) }
        try await runtime.close(grace: .zero)
    }
}

extension Payload {
    fileprivate var inlineBytes: [UInt8]? {
        if case .inline(let bytes) = self { bytes } else { nil }
    }
}
