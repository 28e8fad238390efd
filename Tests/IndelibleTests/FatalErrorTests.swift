import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct FatalErrorTests {
    @Test func `no step and no condition is tried again for it, and it comes out the same on every run`() async throws {
        let calls = Calls()
        let function = DurableFunction("fatal") { (context: DurableContext) in
            do {
                try await context.step("step", retry: .fixed(delay: .seconds(1))) { _ in
                    calls.note("body")
                    throw FatalError("no configuration")
                }
            } catch let error as FatalError {
                calls.note(error.message)
            }
            do {
                _ = try await context.waitForCondition(from: 0, poll: .until({ _ in false }, every: .seconds(1))) {
                    _, _ in throw FatalError("no endpoint")
                }
            } catch let error as FatalError {
                calls.note(error.message)
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        let caught = ["no configuration", "no endpoint"]
        #expect(calls.all == ["body"] + caught + (handlersAreParked ? [] : caught))
        #expect(try await execution.history().notation == "a.sS a.sF b.sS b.sF c.wS INV c.wOK INV X")
    }

    @Test func `it passes contexts, which record nothing of it`() async throws {
        let calls = Calls()
        let function = DurableFunction("pass") { (context: DurableContext) in
            do {
                try await context.runInChildContext("outer") { outer in
                    try await outer.withRetry("inner", retry: .fixed(delay: .seconds(1))) { attempt, inner in
                        calls.note("attempt \(attempt)")
                        try await inner.step("one") { _ in calls.note("one") }
                        throw FatalError("broken")
                    }
                }
            } catch let error as FatalError {
                calls.note(error.message)
            }
            try await context.wait(for: .seconds(1))
            return "caught"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "caught")
        // The contexts are open, so a replay runs over them.
        let replay = handlersAreParked ? [] : ["attempt 1", "broken"]
        #expect(calls.all == ["attempt 1", "one", "broken"] + replay)
        #expect(try await execution.history().notation == "a.cS b.cS c.sS c.sOK d.wS INV d.wOK INV X")
    }

    @Test func `another error of the same name is an error like any other`() async throws {
        struct FatalError: RecordableError, Equatable {
            var reason: String
        }
        let calls = Calls()
        let function = DurableFunction("name") { (context: DurableContext) in
            do {
                try await context.runInChildContext("child") { child in
                    try await child.step(retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { _ in
                        calls.note("body")
                        throw FatalError(reason: "mine")
                    }
                }
            } catch let error as ChildContextError {
                return error.cause.type
            }
            return "not caught"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "StepError")
        #expect(calls.all == ["body", "body"])
        let recorded = try await execution.history().compactMap(\.error).first
        #expect(recorded?.decoded(as: FatalError.self) == FatalError(reason: "mine"))
    }
}
