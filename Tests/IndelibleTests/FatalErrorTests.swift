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

    @Test func `what it has cut off does not run again while the handler goes on without it`() async throws {
        let calls = Calls()
        let function = DurableFunction("cut-off") { (context: DurableContext) in
            do {
                _ = try await context.map(["late", "bad", "never"], maxConcurrency: 2, completion: .allCompleted) {
                    item, item2 in
                    calls.note(item)
                    if item == "bad" { try await item2.step { _ in throw FatalError("broken") } }
                    try await item2.wait(for: .hours(1))
                    try await item2.step { _ in calls.note("effect of \(item)") }
                }
            } catch is FatalError {
                try await context.step("undo") { _ in calls.note("undo") }
            }
            try await context.wait(for: .hours(2))
            return "done"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await test.crash()
        await test.advance(by: .hours(1))
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        #expect(try await after.result() == "done")
        #expect(Set(calls.all) == ["late", "bad", "undo"])
        #expect(calls.all.count { $0 == "undo" } == 1)
        #expect(try await after.history().count { $0.type == "ContextFailed" } == 1)
    }

    @Test func `a bad call and a value without a form in a step are it too, on every run`() async throws {
        let calls = Calls()
        let function = DurableFunction("bugs") { (context: DurableContext) in
            do {
                try await context.step("bad call") { _ in try await context.wait(for: .seconds(1)) }
            } catch let error as ContextError {
                calls.note("\(error.code)")
            }
            do {
                _ = try await context.map([1], completion: .allCompleted) { _, item in
                    try await item.step("no form") { _ in Double.nan }
                }
            } catch let error as SerdesError {
                calls.note("\(error.code)")
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        try await test.engine.start(function).result()
        let caught = ["busy", "encodingFailed"]
        #expect(calls.all == caught + (handlersAreParked ? [] : caught))
    }
}
