import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// An invocation in flight hears that something has changed which it has not seen.
@Suite(.timeLimit(.minutes(10))) struct NewsTests {
    private let rig = Rig()

    /// Notes the news that `body` brings about, and then goes on with an empty checkpoint.
    private func expectNews(
        _ updates: [OperationUpdate], _ functions: [FunctionRegistration] = [], of types: [OperationType],
        _ body: @escaping @Sendable (EngineRuntime, Invocation, [Operation]) async throws -> Void
    ) async throws {
        let function = FunctionRegistration(name: "work") { [calls = rig.calls] invocation in
            do {
                let session = invocation.session()
                let rows = try await session.checkpoint(updates)
                invocation.news.listen { _ in calls.note("news") }
                #expect(calls.count("news") == 0, "its own changes are none")
                try await body(invocation.runtime, invocation, rows)
                await calls.wait("news")
                let news = try await session.checkpoint([])
                #expect(news.map(\.identity.type) == types)
                #expect(try await session.checkpoint([]).isEmpty)
            } catch {
                Issue.record(error)
            }
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function] + functions)
        let number = try await runtime.start(function: "work", input: nil).id.number
        _ = try await runtime.end(of: number)
        try await runtime.close(grace: .zero)
    }

    @Test func `of a callback's answer`() async throws {
        try await expectNews([OperationUpdate(.callback("1"), .start)], of: [.callback]) { runtime, _, rows in
            guard case .callback(let id)? = rows.first?.details else { return }
            try await runtime.complete(id, .succeed(nil))
        }
    }

    @Test func `of a wait that is over`() async throws {
        let wait = OperationUpdate(.wait("1"), .start, options: .wait(duration: Milliseconds(1_000)))
        try await expectNews([wait], of: [.wait]) { [rig] runtime, _, _ in rig.advance(runtime, by: 1_000) }
    }

    @Test func `of the end of an execution that it has started`() async throws {
        try await expectNews([.invoke("1", "charge")], [.patient("charge", rig.calls)], of: [.chainedInvoke]) {
            [rig] _, _, _ in rig.calls.note("charge go")
        }
    }

    @Test func `of the wish that it should end`() async throws {
        try await expectNews([], of: [.execution]) { runtime, invocation, _ in
            try await runtime.cancel(invocation.execution, reason: "enough")
        }
    }

    @Test func `of what came before it listened`() async throws {
        let function = FunctionRegistration(name: "work") { [calls = rig.calls] invocation in
            do {
                let session = invocation.session()
                let rows = try await session.checkpoint([OperationUpdate(.callback("1"), .start)])
                guard case .callback(let id)? = rows.first?.details else { return nil }
                try await invocation.runtime.complete(id, .succeed(nil))
                invocation.news.listen { _ in calls.note("news") }
                await calls.wait("news")
                #expect(try await session.checkpoint([]).map(\.status) == [.succeeded])
            } catch {
                Issue.record(error)
            }
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "work", input: nil).id.number
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    /// Heartbeats, pauses, other executions, and what lies below a closed context.
    @Test func `not of what is no change for it`() async throws {
        let function = FunctionRegistration(name: "work") { [calls = rig.calls, rig] invocation in
            do {
                let runtime = invocation.runtime
                let session = invocation.session()
                let context = OperationIdentity(id: OperationID("2"), type: .context)
                var inner = OperationIdentity.wait("2-1")
                inner.parentID = OperationID("2")
                let rows = try await session.checkpoint([
                    OperationUpdate(
                        .callback("1"), .start,
                        options: .callback(timeout: nil, heartbeatTimeout: Milliseconds(60_000))),
                    OperationUpdate(context, .start),
                    OperationUpdate(inner, .start, options: .wait(duration: Milliseconds(1_000))),
                ])
                try await session.checkpoint([OperationUpdate(context, .succeed)])
                invocation.news.listen { _ in calls.note("news") }
                guard case .callback(let id)? = rows.first?.details else { return nil }
                try await runtime.complete(id, .heartbeat)
                try await runtime.pause(invocation.execution, PauseRequest())
                try await runtime.resume(invocation.execution)
                rig.advance(runtime, by: 1_000)
                let other = try await runtime.start(function: "other", input: [1]).id
                _ = try await runtime.end(of: other.number)
                #expect(calls.count("news") == 0)
            } catch {
                Issue.record(error)
            }
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function, .adder("other")])
        let number = try await runtime.start(function: "work", input: nil).id.number
        _ = try await runtime.end(of: number)
        #expect(try await runtime.kinds(number).contains(.waitSucceeded))
        try await runtime.close(grace: .zero)
    }

    @Test func `none comes before it is durable`() async throws {
        let files = GatedFileSystem(rig.disk)
        let listening = Mutex<CallbackID?>(nil)
        let function = FunctionRegistration(name: "work") { [calls = rig.calls] invocation in
            let session = invocation.session()
            let rows = try? await session.checkpoint([OperationUpdate(.callback("1"), .start)])
            guard case .callback(let id)? = rows?.first?.details else { return nil }
            invocation.news.listen { _ in calls.note("news") }
            listening.withLock { $0 = id }
            calls.note("listening")
            await calls.wait("news")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function], fileSystem: files)
        let number = try await runtime.start(function: "work", input: nil).id.number
        await rig.calls.wait("listening")
        let id = try #require(listening.withLock { $0 })
        files.gate.close()
        let answer = Task { try await runtime.complete(id, .succeed(nil)) }
        await files.gate.somebodyWaits()
        for _ in 0..<100 { await Task.yield() }
        #expect(rig.calls.count("news") == 0)
        files.gate.open()
        try await answer.value
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }
}
