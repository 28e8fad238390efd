import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// Executions that are dropped: by a command, or when the time is over for which they are kept.
@Suite(.timeLimit(.minutes(10))) struct DeletionTests {
    private let rig = Rig()

    private func echo(retention: Milliseconds? = nil) -> FunctionRegistration {
        FunctionRegistration(name: "echo", retention: RetentionPolicy(retention)) { .succeeded(result: $0.input) }
    }

    private func expectUnknown(_ runtime: EngineRuntime, _ id: ExecutionID) async throws {
        for query in [
            { _ = try await runtime.summary(id.number) }, { _ = try await runtime.history(id.number) },
            { _ = try await runtime.end(of: id.number) }, { try await runtime.delete(id) },
            { try await runtime.pause(id, PauseRequest()) }, { _ = try await runtime.stop(id) },
        ] as [() async throws -> Void] {
            let error = await #expect(throws: RuntimeError.self) { try await query() }
            guard case .unknownExecution(id.number) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(try await runtime.list().allSatisfy { $0.id != id })
    }

    @Test func `that there is none is told when the deletion is synced`() async throws {
        let files = GatedFileSystem(rig.disk)
        let runtime = try await rig.open([echo()], fileSystem: files)
        let id = try await runtime.start(function: "echo", name: "a", input: [1]).id
        _ = try await runtime.end(of: id.number)
        await runtime.quiet()
        files.gate.close()
        let deletion = Task { try await runtime.delete(id) }
        await files.gate.somebodyWaits()
        #expect(runtime.known.isEmpty)
        let reads: [@Sendable () async throws -> Void] = [
            { _ = try await runtime.summary(id.number) }, { _ = try await runtime.history(id.number) },
            { _ = try await runtime.end(of: id.number) },
            { _ = try await runtime.summary(function: "echo", name: "a") },
        ]
        let tasks = reads.map { read in
            Task { [calls = rig.calls] in
                try? await read()
                calls.note("told")
            }
        }
        for _ in 0..<100 { await Task.yield() }
        #expect(rig.calls.count("told") == 0)
        files.gate.open()
        for task in tasks { await task.value }
        try await deletion.value
        #expect(try await runtime.summary(function: "echo", name: "a") == nil)
        try await runtime.close(grace: .zero)
    }

    @Test func `a deleted execution is unknown, now and after a crash, and its name is free`() async throws {
        let runtime = try await rig.open([echo()])
        let id = try await runtime.start(function: "echo", name: "a", input: [1]).id
        _ = try await runtime.end(of: id.number)
        try await runtime.delete(id)
        try await expectUnknown(runtime, id)
        #expect(runtime.number(function: "echo", name: "a") == nil)
        let again = try await runtime.start(function: "echo", name: "a", input: [2])
        #expect(again.isNew)
        #expect(try await runtime.end(of: again.id.number).result == .inline([2]))
        let after = Rig(disk: rig.disk.crashed(seed: 1))
        let reopened = try await after.open([echo()])
        try await expectUnknown(reopened, id)
        #expect(reopened.number(function: "echo", name: "a") == again.id.number)
        try await reopened.close(grace: .zero)
        try await runtime.close(grace: .zero)
    }

    @Test func `one that goes on is not deleted`() async throws {
        let runtime = try await rig.open([.patient("work", rig.calls)])
        let id = try await runtime.start(function: "work", input: nil).id
        await rig.calls.wait("work invoked")
        let error = await #expect(throws: RuntimeError.self) { try await runtime.delete(id) }
        #expect(
            error?.refusal
                == EngineError(.resourceConflict, "Cannot delete an execution that is RUNNING: stop it first."))
        #expect(try await runtime.kinds(id.number) == [.executionStarted, .invocationStarted])
        rig.calls.note("work go")
        #expect(try await runtime.end(of: id.number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `a handler that has not noticed is cancelled, gives back its slot and cannot write`() async throws {
        let deaf = FunctionRegistration(name: "deaf", concurrencyLimit: 1) { [calls = rig.calls] invocation in
            calls.note("\(invocation.start.name) invoked")
            await withTaskCancellationHandler {
                await calls.wait("\(invocation.start.name) go")
            } onCancel: {
                calls.note("cancelled")
            }
            let step = OperationUpdate(.step("1"), .start)
            let error = await #expect(throws: RuntimeError.self) {
                try await invocation.runtime.checkpoint(invocation.token, [step])
            }
            #expect(error?.refusal == .invalidCheckpointToken)
            calls.note("refused")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([deaf])
        let id = try await runtime.start(function: "deaf", name: "a", input: nil).id
        await rig.calls.wait("a invoked")
        let next = try await runtime.start(function: "deaf", name: "b", input: nil).id
        _ = try await runtime.stop(id)
        #expect(runtime.load == (running: 1, waiting: 1))
        try await runtime.delete(id)
        await rig.calls.wait("cancelled")
        await rig.calls.wait("b invoked")
        try await expectUnknown(runtime, id)
        _ = try await runtime.stop(next)
        rig.calls.note("a go")
        rig.calls.note("b go")
        await rig.calls.wait("refused", count: 2)
        await runtime.quiet()
        #expect(runtime.load == (running: 0, waiting: 0))
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(reopened.known == [next.number])
        try await reopened.close(grace: .zero)
    }

    @Test func `a close does not wait for a handler whose execution is deleted`() async throws {
        let deaf = FunctionRegistration(name: "deaf") { [calls = rig.calls] _ in
            calls.note("invoked")
            await calls.wait("go")
            return nil
        }
        let runtime = try await rig.open([deaf])
        let id = try await runtime.start(function: "deaf", input: nil).id
        await rig.calls.wait("invoked")
        _ = try await runtime.stop(id)
        let closing = Task { try await runtime.close(grace: .seconds(90)) }
        while runtime.core.withLock({ $0.idleWaiters.isEmpty }) { await Task.yield() }
        try await runtime.delete(id)
        try await closing.value
        rig.calls.note("go")
    }

    @Test func `one that waits for its function may be stopped and deleted, and the function come later`() async throws
    {
        let runtime = try await rig.open([.caller("shop", of: "echo")])
        let parent = try await runtime.start(function: "shop", input: [1]).id
        let child = try await runtime.child(of: parent.number)
        _ = try await runtime.stop(child)
        _ = try await runtime.end(of: parent.number)
        try await runtime.delete(child)
        try await runtime.register(echo())
        await runtime.quiet()
        #expect(runtime.load == (running: 0, waiting: 0))
        #expect(runtime.known == [parent.number])
        try await runtime.close(grace: .zero)
    }

    @Test func `an execution is kept for the time that its function says, from its end`() async throws {
        let runtime = try await rig.open([echo(retention: Milliseconds(5_000))])
        let id = try await runtime.start(function: "echo", name: "a", input: [1]).id
        _ = try await runtime.end(of: id.number)
        await runtime.quiet()
        #expect(runtime.stepTimers() == rig.clock.now().adding(Milliseconds(5_000)))
        rig.advance(runtime, by: 4_999)
        #expect(try await runtime.summary(id.number).retention == RetentionPolicy(Milliseconds(5_000)))
        let again = try await runtime.start(function: "echo", name: "a", input: [1])
        #expect(again.id == id)
        rig.advance(runtime, by: 1)
        try await expectUnknown(runtime, id)
        #expect(runtime.stepTimers() == nil)
        #expect(try await runtime.start(function: "echo", name: "a", input: [2]).isNew)
        await runtime.quiet()
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [0, 3_000, 60_000] as [Int64])
    func `its timer is armed again by an opening, whatever the function says by then`(passed: Int64) async throws {
        let runtime = try await rig.open([echo(retention: Milliseconds(5_000))])
        let id = try await runtime.start(function: "echo", name: "a", input: [1]).id
        let kept = try await runtime.start(function: "echo", name: "b", input: [1]).id
        _ = try await runtime.end(of: id.number)
        _ = try await runtime.end(of: kept.number)
        await runtime.quiet()
        let due = rig.clock.now().adding(Milliseconds(5_000))
        try await runtime.close(grace: .zero)
        rig.clock.advance(by: passed)
        let reopened = try await rig.open([echo()])
        if passed < 5_000 {
            #expect(reopened.stepTimers() == due)
            #expect(try await reopened.summary(id.number).status == .succeeded)
            rig.clock.advance(by: 5_000 - passed)
        }
        #expect(reopened.stepTimers() == nil)
        try await expectUnknown(reopened, id)
        // Trimmed for good: the opening after that finds nothing either.
        try await reopened.close(grace: .zero)
        let last = try await rig.open()
        #expect(last.known.isEmpty)
        try await last.close(grace: .zero)
    }

    @Test func `an invocation that outlives a stop keeps its execution, as long as it is in flight`() async throws {
        let deaf = FunctionRegistration(name: "deaf", retention: RetentionPolicy(Milliseconds(1))) {
            [calls = rig.calls] _ in
            calls.note("invoked")
            await calls.wait("go")
            return nil
        }
        let runtime = try await rig.open([deaf])
        let id = try await runtime.start(function: "deaf", input: nil).id
        await rig.calls.wait("invoked")
        _ = try await runtime.stop(id)
        rig.advance(runtime, by: 60_000)
        #expect(try await runtime.summary(id.number).status == .stopped)
        rig.calls.note("go")
        await runtime.quiet()
        runtime.stepTimers()
        try await expectUnknown(runtime, id)
        try await runtime.close(grace: .zero)
    }
}
