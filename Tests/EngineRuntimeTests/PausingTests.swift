import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// Pauses of executions that handlers, timers and other executions work on.
@Suite(.timeLimit(.minutes(10))) struct PausingTests {
    private let rig = Rig()

    /// Its first invocation begins a wait of a minute and a callback, both as often as the test says `next`, and returns
    /// what it then comes to; every later one suspends until both are done.
    private func working(_ outcome: InvocationOutcome? = .pending) -> FunctionRegistration {
        FunctionRegistration(name: "work") { [calls = rig.calls, replies] invocation in
            calls.note("invoked")
            guard invocation.number == 1 else {
                let isDone = invocation.operations.dropFirst().allSatisfy { $0.status == .succeeded }
                return isDone ? .succeeded(result: [9]) : .pending
            }
            let session = invocation.session()
            let wait = OperationUpdate(.wait("1"), .start, options: .wait(duration: Milliseconds(60_000)))
            for (index, update) in [wait, OperationUpdate(.callback("2"), .start)].enumerated() {
                await calls.wait("next", count: index + 1)
                do {
                    replies.note(.success(try await session.submit([update])))
                } catch RuntimeError.refused(let refusal) {
                    replies.note(.failure(refusal))
                } catch {
                    // Its engine has closed.
                    return nil
                }
                calls.note("answered")
            }
            await calls.wait("end")
            return outcome
        }
    }

    private let replies = Replies()

    /// What the first invocation's checkpoints came to.
    private final class Replies: Sendable {
        private let content = Mutex<[Result<CheckpointReply, EngineError>]>([])

        func note(_ reply: Result<CheckpointReply, EngineError>) { content.withLock { $0.append(reply) } }
        var all: [Result<CheckpointReply, EngineError>] { content.withLock { $0 } }
    }

    private func callback(of number: ExecutionNumber, _ runtime: EngineRuntime) -> CallbackID? {
        runtime.core.withLock { core in core.engine.update(number) { $0.callbackID(OperationOrdinal(1)) } }
    }

    @Test func `an invocation in flight makes one more checkpoint, and what it comes to does not count`() async throws {
        let runtime = try await rig.open([working(.succeeded(result: [8]))])
        let id = try await runtime.start(function: "work", input: nil).id
        await rig.calls.wait("invoked")
        try await runtime.pause(id, PauseRequest(reason: "audit"))
        var summary = try await runtime.summary(id.number)
        #expect(summary.status == .pausing)
        #expect(summary.standing == .invocationInFlight)
        #expect(summary.pause?.request == PauseRequest(reason: "audit"))
        rig.calls.note("next")
        await rig.calls.wait("answered")
        summary = try await runtime.summary(id.number)
        #expect(summary.status == .paused)
        #expect(summary.standing == .invocationInFlight, "until its handler has noticed")
        rig.calls.note("next")
        await rig.calls.wait("answered", count: 2)
        let replies = replies.all
        let first = try replies[0].get()
        #expect(first.token == nil)
        #expect(first.isRevoked)
        #expect(first.operations.map(\.status) == [.started])
        #expect(throws: EngineError.invalidCheckpointToken) { try replies[1].get() }
        rig.calls.note("end")
        try await runtime.summary(id.number) { $0.standing == .paused }
        try await runtime.resume(id, reason: "done")
        try await runtime.suspended(id.number)
        rig.advance(runtime, by: 60_000)
        #expect(try await runtime.end(of: id.number).result == .inline([9]))
        #expect(
            try await runtime.kinds(id.number) == [
                .executionStarted, .invocationStarted, .executionPauseRequested, .waitStarted, .executionPaused,
                .invocationCompleted, .executionResumed, .invocationStarted, .invocationCompleted, .waitSucceeded,
                .invocationStarted, .invocationCompleted, .executionSucceeded,
            ])
        try await runtime.close(grace: .zero)
    }

    @Test func `a handler that gives up without its token has not crashed`() async throws {
        let runtime = try await rig.open([working(nil)])
        let id = try await runtime.start(function: "work", input: nil).id
        await rig.calls.wait("invoked")
        try await runtime.pause(id, PauseRequest())
        for name in ["next", "next", "end"] { rig.calls.note(name) }
        try await runtime.summary(id.number) { $0.standing == .paused }
        let last = try await runtime.history(id.number).last
        try #require(last?.event == .invocationCompleted(.suspended(unseenChanges: true)))
        try await runtime.resume(id)
        await rig.calls.wait("invoked", count: 2)
        await runtime.quiet()
        try await runtime.close(grace: .zero)
    }

    @Test func `an invocation that the pause has cut short is not invoked again before its end`() async throws {
        let runtime = try await rig.open([working()])
        let id = try await runtime.start(function: "work", input: nil).id
        await rig.calls.wait("invoked")
        try await runtime.pause(id, PauseRequest())
        rig.calls.note("next")
        await rig.calls.wait("answered")
        try await runtime.resume(id)
        #expect(try await runtime.summary(id.number).status == .running)
        rig.calls.note("next")
        await rig.calls.wait("answered", count: 2)
        #expect(throws: EngineError.invalidCheckpointToken, "resumed, and revoked all the same") {
            try replies.all[1].get()
        }
        #expect(rig.calls.count("invoked") == 1)
        rig.calls.note("end")
        await rig.calls.wait("invoked", count: 2)
        try await runtime.suspended(id.number)
        rig.advance(runtime, by: 60_000)
        #expect(try await runtime.end(of: id.number).result == .inline([9]))
        try await runtime.close(grace: .zero)
    }

    @Test func `a resumption before the next checkpoint changes nothing for the handler`() async throws {
        let runtime = try await rig.open([working(.succeeded(result: [8]))])
        let id = try await runtime.start(function: "work", input: nil).id
        await rig.calls.wait("invoked")
        try await runtime.pause(id, PauseRequest())
        try await runtime.resume(id, reason: "no")
        for _ in 1...2 { rig.calls.note("next") }
        rig.calls.note("end")
        #expect(try await runtime.end(of: id.number).result == .inline([8]))
        #expect(try replies.all.allSatisfy { try !$0.get().isRevoked && $0.get().token != nil })
        try await runtime.close(grace: .zero)
    }

    @Test func `timers and callbacks complete in a pause, and wake when it is over`() async throws {
        let runtime = try await rig.open([working()])
        let id = try await runtime.start(function: "work", input: nil).id
        for _ in 1...2 { rig.calls.note("next") }
        rig.calls.note("end")
        try await runtime.suspended(id.number)
        try await runtime.pause(id, PauseRequest())
        #expect(try await runtime.summary(id.number).standing == .paused)
        rig.advance(runtime, by: 60_000)
        try await runtime.complete(try #require(callback(of: id.number, runtime)), .succeed([1]))
        await runtime.quiet()
        #expect(try await runtime.kinds(id.number).suffix(2) == [.waitSucceeded, .callbackSucceeded])
        #expect(rig.calls.count("invoked") == 1)
        #expect(runtime.load == (running: 0, waiting: 0))
        try await runtime.resume(id)
        #expect(try await runtime.end(of: id.number).result == .inline([9]))
        #expect(rig.calls.count("invoked") == 2)
        try await runtime.close(grace: .zero)
    }

    @Test func `a pause that nothing happened in is followed by nothing`() async throws {
        let runtime = try await rig.open([working()])
        let id = try await runtime.start(function: "work", input: nil).id
        for _ in 1...2 { rig.calls.note("next") }
        rig.calls.note("end")
        try await runtime.suspended(id.number)
        try await runtime.pause(id, PauseRequest())
        try await runtime.resume(id)
        await runtime.quiet()
        #expect(rig.calls.count("invoked") == 1)
        try await runtime.suspended(id.number)
        try await runtime.close(grace: .zero)
    }

    @Test func `a paused execution that waits for a slot gives its turn to others`() async throws {
        let busy = FunctionRegistration(name: "busy", concurrencyLimit: 1) { [calls = rig.calls] invocation in
            calls.note("\(invocation.start.name) works")
            await calls.wait("\(invocation.start.name) go")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([busy])
        let ids = [
            try await runtime.start(function: "busy", name: "a", input: nil).id,
            try await runtime.start(function: "busy", name: "b", input: nil).id,
            try await runtime.start(function: "busy", name: "c", input: nil).id,
        ]
        await rig.calls.wait("a works")
        try await runtime.pause(ids[1], PauseRequest())
        rig.calls.note("a go")
        await rig.calls.wait("c works")
        #expect(rig.calls.count("b works") == 0)
        try await runtime.resume(ids[1])
        #expect(try await runtime.summary(ids[1].number).standing == .queued)
        rig.calls.note("c go")
        rig.calls.note("b go")
        for id in ids { #expect(try await runtime.end(of: id.number).status == .succeeded) }
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [false, true])
    func `a held execution whose function comes anew in a pause has its try after it`(isReopened: Bool) async throws {
        let held = FunctionRegistration(name: "work") { _ in
            .held(Divergence(recorded: .step("1", "old"), attempted: .step("1", "new")))
        }
        let runtime = try await rig.open([held])
        let id = try await runtime.start(function: "work", input: [7]).id
        try await runtime.summary(id.number) { if case .held = $0.standing { true } else { false } }
        try await runtime.pause(id, PauseRequest())
        try await runtime.register(.adder("work"))
        await runtime.quiet()
        #expect(try await runtime.summary(id.number).standing == .paused)
        var opened = runtime
        if isReopened {
            try await runtime.close(grace: .zero)
            opened = try await rig.open([.adder("work")])
            await opened.quiet()
        }
        try await opened.resume(id)
        await opened.quiet()
        try #require(try await opened.summary(id.number).status == .succeeded)
        #expect(try await opened.kinds(id.number).count { $0 == .invocationStarted } == 2)
        try await opened.close(grace: .zero)
    }

    @Test func `a pause that was acknowledged outlives the process, in flight or not`() async throws {
        let runtime = try await rig.open([working()])
        let inFlight = try await runtime.start(function: "work", name: "a", input: nil).id
        await rig.calls.wait("invoked")
        try await runtime.pause(inFlight, PauseRequest(reason: "audit"))
        let unknown = try await runtime.start(function: "work", name: "b", input: nil).id
        await rig.calls.wait("invoked", count: 2)

        let after = Rig(disk: rig.disk.crashed(seed: 6))
        let reopened = try await after.open([.adder("work")])
        let summary = try await reopened.summary(inFlight.number)
        #expect(summary.status == .paused, "the invocation that it waited for is over")
        #expect(summary.standing == .paused)
        #expect(summary.pause?.request.reason == "audit")
        #expect(
            try await reopened.kinds(inFlight.number) == [
                .executionStarted, .invocationStarted, .executionPauseRequested, .invocationCompleted, .executionPaused,
            ])
        #expect(try await reopened.end(of: unknown.number).status == .succeeded, "others are taken up")
        try await reopened.resume(inFlight)
        #expect(try await reopened.end(of: inFlight.number).status == .succeeded)
        try await reopened.close(grace: .zero)
        for name in ["next", "next", "end"] { rig.calls.note(name) }
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `a command to an execution that the id does not name is refused`() async throws {
        let runtime = try await rig.open([working()])
        let id = try await runtime.start(function: "work", input: nil).id
        var forged = id
        forged.check = RandomBits(high: 1, low: 2)
        for wrong in [forged, ExecutionID(number: ExecutionNumber(9_999), check: id.check)] {
            for command in [
                { try await runtime.pause(wrong, PauseRequest()) }, { try await runtime.resume(wrong) },
                { try await runtime.cancel(wrong) }, { try await runtime.delete(wrong) },
                { _ = try await runtime.stop(wrong) },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: RuntimeError.self) { try await command() }
                guard case .unknownExecution(wrong.number) = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
        }
        #expect(try await runtime.kinds(id.number) == [.executionStarted, .invocationStarted])
        for name in ["next", "next", "end"] { rig.calls.note(name) }
        try await runtime.close(grace: .seconds(5))
    }
}
