import Foundation
import Indelible
import IndelibleTesting
import Testing

/// What a test does to an execution from outside, by the names that its handler gives.
@Suite(.bothWays) struct TestEngineOutsideTests {
    /// Asks twice for the same, and says how each callback came out.
    static func asking(timeout: Duration? = nil, heartbeatTimeout: Duration? = nil) -> DurableFunction<Void, [String]> {
        DurableFunction("ask") { (context: DurableContext) in
            var answers: [String] = []
            for _ in 0..<2 {
                do {
                    let answer: Int = try await context.waitForCallback(
                        "answer", timeout: timeout, heartbeatTimeout: heartbeatTimeout
                    ) { _, _ in }
                    answers.append("\(answer)")
                } catch let error as CallbackError {
                    answers.append("\(error.code): \(error.cause)")
                }
            }
            return answers
        }
    }

    /// Invokes a function that nobody has, and says how that came out.
    static func calling(timeout: Duration? = nil) -> DurableFunction<Void, String> {
        DurableFunction("call") { (context: DurableContext) in
            do {
                let answer = try await context.invoke(
                    FunctionReference<String, Int>("elsewhere"), input: "in", name: "call", timeout: timeout)
                return "\(answer)"
            } catch let error as InvokeError {
                return "\(error.code): \(error.cause)"
            }
        }
    }

    static func words(_ ask: () async throws -> Void) async -> String? {
        await #expect(throws: TestEngineError.self) { try await ask() }.map { "\($0)" }
    }

    // MARK: Callbacks

    @Test func `a callback is completed and failed by the name of the wait for it, the open one of several`()
        async throws
    {
        let function = Self.asking()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await test.complete(callback: "answer", of: execution.id, with: 42)
        try await test.fail(callback: "answer", of: execution.id, with: Declined(code: 51))
        #expect(try await execution.result() == ["42", "failed: Declined: declined with 51"])
        let failed = try #require(try await execution.history().first { $0.type == "CallbackFailed" })
        #expect(failed.error?.decoded(as: Declined.self) == Declined(code: 51))
    }

    @Test func `a callback is completed by its own name too`() async throws {
        let function = DurableFunction("own") { (context: DurableContext) in
            let first = try await context.createCallback("first", of: Int.self)
            let second = try await context.createCallback("second", of: Int.self)
            return [try await first.result(), try await second.result()]
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await test.complete(callback: "second", of: execution.id, with: 2)
        try await test.complete(callback: "first", of: execution.id, with: 1)
        #expect(try await execution.result() == [1, 2])
    }

    struct Times: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var timeout: Duration?
        var heartbeatTimeout: Duration?
        /// When a heartbeat is sent.
        var heartbeat: Duration?
        var end: Duration
        var cause: String
    }

    static let times = [
        Times(
            testDescription: "its own", timeout: .hours(2), end: .hours(2),
            cause: "timedOut: Callback.Timeout: Callback timed out"),
        Times(
            testDescription: "a heartbeat's", heartbeatTimeout: .hours(3), end: .hours(3),
            cause: "heartbeatTimedOut: Callback.Heartbeat: Callback timed out on heartbeat"),
        Times(
            testDescription: "a heartbeat's, after one", heartbeatTimeout: .hours(3), heartbeat: .minutes(10),
            end: .minutes(190), cause: "heartbeatTimedOut: Callback.Heartbeat: Callback timed out on heartbeat"),
        Times(
            testDescription: "a heartbeat's, which is sooner", timeout: .hours(4), heartbeatTimeout: .hours(3),
            end: .hours(3), cause: "heartbeatTimedOut: Callback.Heartbeat: Callback timed out on heartbeat"),
        Times(
            testDescription: "its own, which a heartbeat makes the sooner", timeout: .hours(4),
            heartbeatTimeout: .hours(3), heartbeat: .hours(2), end: .hours(4),
            cause: "timedOut: Callback.Timeout: Callback timed out"),
    ]

    @Test(arguments: times)
    func `time passes until a callback times out, and no further`(times: Times) async throws {
        let function = Self.asking(timeout: times.timeout, heartbeatTimeout: times.heartbeatTimeout)
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let execution = try await test.engine.start(function)
        await test.settle()
        if let heartbeat = times.heartbeat {
            await test.advance(by: heartbeat)
            let started = try #require(try await execution.history().first { $0.type == "CallbackStarted" })
            try await test.engine.sendHeartbeat(callback: try #require(started.callbackID))
        }
        try await test.timeOut(callback: "answer", of: execution.id)
        #expect(test.now.timeIntervalSince(begin) == times.end / .seconds(1))
        // The next one waits from now on.
        try await test.complete(callback: "answer", of: execution.id, with: 7)
        #expect(test.now.timeIntervalSince(begin) == times.end / .seconds(1))
        #expect(try await execution.result() == [times.cause, "7"])
    }

    @Test func `what is asked of a callback that is not there is refused, with the history`() async throws {
        let function = Self.asking()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let missing = "no callback 'other' is open; the history is a.cS b.kS c.sS c.sOK INV"
        #expect(
            await Self.words { try await test.complete(callback: "other", of: execution.id, with: 1) } == missing)
        #expect(
            await Self.words { try await test.fail(callback: "other", of: execution.id, with: Flaky()) } == missing)
        #expect(await Self.words { try await test.timeOut(callback: "other", of: execution.id) } == missing)
        #expect(
            await Self.words { try await test.timeOut(callback: "answer", of: execution.id) }
                == "callback 'answer' has no timeout, so it never times out")
        for _ in 0..<2 { try await test.complete(callback: "answer", of: execution.id, with: 1) }
        #expect(
            await Self.words { try await test.complete(callback: "answer", of: execution.id, with: 1) }?
                .hasPrefix("no callback 'answer' is open; the history is a.cS b.kS") == true)
        #expect(try await execution.result() == ["1", "1"])
    }

    @Test func `an id that is no execution's is refused`() async throws {
        let test = try await TestEngine(functions: [])
        let error = await #expect(throws: DurableEngineError.self) {
            try await test.timeOut(callback: "answer", of: "nobody")
        }
        #expect(error?.code == .notFound)
        #expect(
            await Self.words { try await test.timeOut(invoke: "call", of: "nobody") }
                == "'nobody' is no execution's id")
    }

    // MARK: Invokes

    @Test func `an invoke is completed in place of a function that is not there`() async throws {
        let function = Self.calling()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await test.complete(invoke: "call", of: execution.id, with: 42)
        #expect(try await execution.result() == "42")
        #expect(try await execution.history().notation == "a.iS INV a.iOK INV X")
        let child = try #require(try await test.engine.executions(of: "elsewhere").first)
        #expect(child.status == .succeeded)
        #expect(child.result == Array("42".utf8))
    }

    @Test func `an invoke is failed in place of a function that is not there`() async throws {
        let function = Self.calling()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await test.fail(invoke: "call", of: execution.id, with: Declined(code: 51))
        #expect(try await execution.result() == "failed: Declined: declined with 51")
        let failed = try #require(try await execution.history().events(of: .failed("call")).first)
        #expect(failed.error?.decoded(as: Declined.self) == Declined(code: 51))
    }

    @Test func `time passes until an invoke times out, and no further`() async throws {
        let function = Self.calling(timeout: .hours(5))
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let execution = try await test.engine.start(function)
        await test.advance(by: .hours(1))
        try await test.timeOut(invoke: "call", of: execution.id)
        #expect(test.now.timeIntervalSince(begin) == 5 * 3_600)
        #expect(try await execution.history().contains(.timedOut("call")))
        #expect(
            try await execution.result()
                == "timedOut: ChainedInvoke.Timeout: CHAINED_INVOKE timed out after 18000 seconds.")
    }

    @Test func `what is asked of an invoke that is not there is refused`() async throws {
        let function = Self.calling()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let missing = "no invoke 'other' of this execution is open"
        #expect(await Self.words { try await test.complete(invoke: "other", of: execution.id, with: 1) } == missing)
        #expect(await Self.words { try await test.fail(invoke: "other", of: execution.id, with: Flaky()) } == missing)
        #expect(await Self.words { try await test.timeOut(invoke: "other", of: execution.id) } == missing)
        #expect(await Self.words { try await test.stop(invoke: "other", of: execution.id) } == missing)
        #expect(
            await Self.words { try await test.timeOut(invoke: "call", of: execution.id) }
                == "invoke 'call' has no timeout, so it never times out")
        try await test.complete(invoke: "call", of: execution.id, with: 1)
        #expect(
            await Self.words { try await test.complete(invoke: "call", of: execution.id, with: 1) }
                == "no invoke 'call' of this execution is open")
    }
}
