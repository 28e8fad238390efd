import Foundation
import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct CallbackTests {
    struct Approval: Codable, Equatable {
        var isGranted: Bool
    }
    struct Unreachable: Error, CustomStringConvertible {
        var description: String { "the desk is closed" }
    }

    /// Waits for an approval and says how it came out.
    static func function(
        timeout: Duration? = nil, heartbeatTimeout: Duration? = nil,
        submit: @escaping @Sendable (CallbackID) throws -> Void
    ) -> DurableFunction<Void, String> {
        DurableFunction("approve") { (context: DurableContext) in
            do {
                let approval: Approval = try await context.waitForCallback(
                    "approval", timeout: timeout, heartbeatTimeout: heartbeatTimeout, retry: .none
                ) { id, _ in try submit(id) }
                return approval.isGranted ? "granted" : "refused"
            } catch let error as CallbackError {
                // Once more, after a replay.
                try await context.wait(for: .seconds(1))
                return "\(error.code): \(error.message)"
            }
        }
    }

    @Test func `a completed callback returns what it was completed with`() async throws {
        let ids = Calls()
        let function = Self.function { ids.note($0.description) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        let id = CallbackID(try #require(ids.all.first))
        try await test.engine.complete(callback: id, with: Approval(isGranted: true))
        #expect(try await execution.result() == "granted")
        #expect(ids.all.count == 1)
        let error = await #expect(throws: DurableEngineError.self) { try await test.engine.complete(callback: id) }
        #expect(error?.code == .callbackEnded)
    }

    @Test func `a failed callback throws what was reported`() async throws {
        let ids = Calls()
        let function = Self.function { ids.note($0.description) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await test.engine.fail(callback: CallbackID(ids.all[0]), with: Unreachable())
        #expect(try await execution.result() == "failed: the desk is closed")
    }

    @Test func `a callback that nobody completes times out`() async throws {
        let function = Self.function(timeout: .days(3)) { _ in }
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let result = try await test.engine.start(function).result()
        #expect(result.hasPrefix("timedOut:"))
        #expect(test.now.timeIntervalSince(begin) == 3 * 86_400 + 1)
    }

    @Test func `heartbeats put the timeout off, their absence does not`() async throws {
        let ids = Calls()
        let function = Self.function(heartbeatTimeout: .minutes(10)) { ids.note($0.description) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        for _ in 0..<3 {
            await test.advance(by: .minutes(9))
            try await test.engine.sendHeartbeat(callback: CallbackID(ids.all[0]))
        }
        #expect(try await execution.status == .running)
        #expect(try await execution.result().hasPrefix("heartbeatTimedOut:"))
    }

    @Test func `a submitter that fails leaves its callback open, and a late answer changes nothing`() async throws {
        let ids = Calls()
        let function = Self.function { id in
            ids.note(id.description)
            throw Unreachable()
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        let before = try await execution.history()
        #expect(before.notation == "a.cS b.kS c.sS c.sF a.cF d.wS INV")
        // Whoever has the id is not told that nobody asks any more.
        let id = CallbackID(try #require(ids.all.first))
        try await test.engine.complete(callback: id, with: Approval(isGranted: true))
        #expect(try await execution.result() == "submitterFailed: the desk is closed")
        let history = try await execution.history()
        #expect(history.operations == "a.cS b.kS c.sS c.sF a.cF d.wS b.kOK d.wOK X")
        #expect(ids.all.count == 1)
        let error = await #expect(throws: DurableEngineError.self) { try await test.engine.complete(callback: id) }
        #expect(error?.code == .callbackEnded)
    }

    @Test func `a callback made first and asked later gives one answer, again and again`() async throws {
        let ids = Calls()
        let function = DurableFunction("open") { (context: DurableContext) in
            let callback = try await context.createCallback("answer", of: Int?.self)
            try await context.step { _ in ids.note(callback.id.description) }
            try await context.wait(for: .hours(1))
            let first = try await callback.result()
            return [first, try await callback.result()]
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await test.engine.complete(callback: CallbackID(ids.all[0]), with: 42)
        #expect(try await execution.result() == [42, 42])
    }

    @Test func `a callback completed without a value is nil`() async throws {
        let ids = Calls()
        let function = DurableFunction("open") { (context: DurableContext) in
            let answer: Int? = try await context.waitForCallback { id, _ in ids.note(id.description) }
            return answer == nil
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await test.engine.complete(callback: CallbackID(ids.all[0]))
        #expect(try await execution.result())
    }

    @Test func `an id that names no callback is refused`() async throws {
        let test = try await TestEngine(functions: [])
        for id in ["", "hello", "AAAA"] {
            let error = await #expect(throws: DurableEngineError.self) {
                try await test.engine.complete(callback: CallbackID(id))
            }
            #expect(error?.code == .notFound)
        }
    }
}
