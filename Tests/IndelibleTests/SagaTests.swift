import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct SagaTests {
    /// Books a flight and a hotel, with whatever happens after, and waits a moment in between.
    static func booking(
        _ calls: Calls, retry: RetryPolicy = .none,
        undo: @escaping @Sendable (String) throws -> Void = { _ in },
        after: @escaping @Sendable (DurableContext) async throws -> Void
    ) -> DurableFunction<Void, String> {
        DurableFunction("trip") { (context: DurableContext) in
            try await context.saga(retry: retry) { saga in
                let flight = try await saga.step("flight") { _ in
                    calls.note("book flight")
                    return "F1"
                } compensation: { flight, _ in
                    calls.note("cancel \(flight)")
                    try undo(flight)
                }
                try await context.wait("a moment", for: .minutes(1))
                try await saga.step("hotel") { _ in
                    calls.note("book hotel")
                } compensation: { _ in
                    calls.note("cancel hotel")
                    try undo("hotel")
                }
                saga.compensate("by hand") { _ in calls.note("by hand") }
                try await after(context)
                return "booked \(flight)"
            }
        }
    }

    static let booked = ["book flight", "book hotel"]

    @Test func `what succeeds is not undone`() async throws {
        let calls = Calls()
        let function = Self.booking(calls) { _ in }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "booked F1")
        #expect(calls.all == Self.booked)
        #expect(try await execution.history().notation == "a.sS a.sOK b.wS INV b.wOK c.sS c.sOK INV X")
    }

    @Test func `what fails is undone in reverse, each by a step, and throws what it failed with`() async throws {
        let calls = Calls()
        let function = Self.booking(calls) { context in
            try await context.step("pay", retry: .none) { _ in throw Declined(code: 51) }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = try await failure(of: execution)
        #expect(error.cause == RecordedError(type: "StepError", message: "declined with 51", data: #"{"code":51}"#))
        #expect(calls.all == Self.booked + ["by hand", "cancel hotel", "cancel F1"])
        let history = try await execution.history()
        let undone = history.events(of: .event("StepSucceeded")).compactMap { $0.operation?.name }
        #expect(undone == ["flight", "hotel", "undo by hand", "undo hotel", "undo flight"])
        #expect(
            history.notation
                == "a.sS a.sOK b.wS INV b.wOK c.sS c.sOK d.sS d.sF e.sS e.sOK f.sS f.sOK g.sS g.sOK INV(StepError) X(F)"
        )
    }

    @Test func `a step that failed is not undone, what was put before it is`() async throws {
        let calls = Calls()
        let function = DurableFunction("trip") { (context: DurableContext) in
            try await context.saga { saga in
                saga.compensate("charge") { _ in calls.note("refund whatever was charged") }
                try await saga.step("charge", retry: .none) { _ in
                    throw Flaky()
                } compensation: { _ in
                    calls.note("never")
                }
            }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await failure(of: try await test.engine.start(function))
        #expect(calls.all == ["refund whatever was charged"])
    }

    @Test func `a suspension undoes nothing, though the body has caught it`() async throws {
        let calls = Calls()
        let function = DurableFunction("trip") { (context: DurableContext) in
            try await context.saga { saga in
                try await saga.step("flight") { _ in
                    calls.note("book")
                } compensation: { _ in
                    calls.note("cancel")
                }
                do {
                    try await context.wait(for: .hours(1))
                } catch {
                    throw Flaky()
                }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        try await after.result()
        #expect(calls.all == ["book"])
    }

    @Test func `a cancellation is undone like a failure, wherever it comes`() async throws {
        for isInBackOff in [false, true] {
            let calls = Calls()
            let function = Self.booking(calls, retry: .fixed(maxAttempts: 3, delay: .hours(1))) { flight in
                // Nothing interrupts the back-off of a compensation.
                if isInBackOff, flight == "hotel", calls.count(of: "cancel hotel") == 1 { throw Flaky() }
            } after: { context in
                if isInBackOff { throw Flaky() }
                try await context.wait("long", for: .days(1))
            }
            let test = try await TestEngine(functions: [function])
            let execution = try await test.engine.start(function)
            await test.advance(by: .minutes(2))
            try await execution.cancel()
            let error = try await failure(of: execution)
            #expect(error.cause.type == (isInBackOff ? "Flaky" : "ExecutionCancelledError"))
            // The same step, at its second attempt.
            let hotel = Array(repeating: "cancel hotel", count: isInBackOff ? 2 : 1)
            #expect(calls.all == Self.booked + ["by hand"] + hotel + ["cancel F1"])
        }
    }

    @Test func `a compensation that is cancelled in its back-off goes on under its key`() async throws {
        let calls = Calls()
        let function = DurableFunction("undo") { (context: DurableContext) in
            do {
                try await context.saga(retry: .fixed(maxAttempts: 3, delay: .hours(1))) { saga in
                    try await saga.step("charge") { _ in
                    } compensation: { step in
                        calls.note("refund \(step.idempotencyKey)")
                        // The refund is made, and the answer lost.
                        if step.attempt == 1 { throw Flaky() }
                    }
                    throw Flaky()
                }
            } catch is Flaky {
                try await context.wait(for: .hours(1))
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        #expect(calls.all.count == 1)
        try await execution.cancel()
        // What comes after it is told.
        #expect(try await failure(of: execution).cause.type == "ExecutionCancelledError")
        #expect(calls.all.count == 2 && Set(calls.all).count == 1)
    }

    @Test func `a compensation that is a bug keeps none of the others from being undone`() async throws {
        let calls = Calls()
        let function = DurableFunction("bug") { (context: DurableContext) in
            try await context.saga(retry: .none) { saga in
                saga.compensate("first") { _ in calls.note("first") }
                saga.compensate("bug") { _ in try await context.wait(for: .seconds(1)) }
                saga.compensate("last") { _ in calls.note("last") }
                throw Flaky()
            }
        }
        let test = try await TestEngine(functions: [function])
        let error = try await failure(of: try await test.engine.start(function))
        #expect(error.cause.type == "ContextError")
        #expect(calls.all == ["last", "first"])
    }

    @Test func `what cannot be undone is named, after the rest has been undone`() async throws {
        let calls = Calls()
        let function = Self.booking(calls, retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { what in
            if what == "hotel" { throw Declined(code: 7) }
        } after: { _ in
            throw Declined(code: 51)
        }
        let caught = DurableFunction("caught") { (context: DurableContext) in
            do {
                _ = try await context.saga(retry: .none) { saga -> Int in
                    saga.compensate("one") { _ in throw Flaky() }
                    saga.compensate("two") { _ in throw Declined(code: 2) }
                    throw Declined(code: 51)
                }
                return ["nothing"]
            } catch let error as SagaError {
                return ["\(error.cause)"] + error.failures.map { "\($0)" } + [error.message]
            }
        }
        let test = try await TestEngine(functions: [function, caught])
        let cause = try await failure(of: try await test.engine.start(function)).cause
        #expect(cause.type == "SagaError")
        #expect(cause.decoded(as: Declined.self) == nil)
        #expect(cause.data == #"{"code":51}"#)
        #expect(calls.all == Self.booked + ["by hand", "cancel hotel", "cancel hotel", "cancel F1"])
        #expect(
            try await test.engine.start(caught).result() == [
                "Declined: declined with 51",
                "step 'undo two' failed after 1 attempts: Declined: declined with 2",
                "step 'undo one' failed after 1 attempts: Flaky: try again", "declined with 51",
            ])
    }

    @Test func `a fatal error of a compensation comes out after the rest has been undone`() async throws {
        let calls = Calls()
        let function = Self.booking(calls) { what in
            if what == "hotel" { throw FatalError("the hotel is gone") }
        } after: { _ in
            throw Flaky()
        }
        let test = try await TestEngine(functions: [function])
        let cause = try await failure(of: try await test.engine.start(function)).cause
        #expect(cause.type == "FatalError")
        #expect(cause.message == "the hotel is gone")
        #expect(calls.all == Self.booked + ["by hand", "cancel hotel", "cancel F1"])
    }

    @Test func `sagas nest: the inner one is undone first, and not when it has succeeded`() async throws {
        func run(innerFails: Bool) async throws -> [String] {
            let calls = Calls()
            let function = DurableFunction("nest") { (context: DurableContext) in
                try await context.saga { outer in
                    outer.compensate { _ in calls.note("outer") }
                    try await context.runInChildContext("group") { child in
                        try await child.saga { inner in
                            inner.compensate { _ in calls.note("inner") }
                            try await child.wait(for: .seconds(1))
                            if innerFails { throw Flaky() }
                        }
                    }
                    throw Flaky()
                }
            }
            let test = try await TestEngine(functions: [function])
            _ = try await failure(of: try await test.engine.start(function))
            return calls.all
        }
        #expect(try await run(innerFails: true) == ["inner", "outer"])
        #expect(try await run(innerFails: false) == ["outer"])
    }

    @Test func `no name keeps anything from being undone`() async throws {
        let calls = Calls()
        let function = DurableFunction("names") { (context: DurableContext) in
            try await context.saga { saga in
                for name in [nil, "", "Zürich\n", String(repeating: "n", count: 256)] {
                    saga.compensate(name) { _ in calls.note("undone") }
                }
                throw Flaky()
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await failure(of: execution).cause.type == "Flaky")
        #expect(calls.all.count == 4)
        let names = try await execution.history().events(of: .event("StepStarted")).compactMap { $0.operation?.name }
        #expect(names == ["undo " + String(repeating: "n", count: 251), "undo Z?rich?", "undo ", "undo step"])
    }

    @Test func `a crash in the middle of undoing goes on where it was`() async throws {
        try await crashEverywhere(seed: 9, answers: [.fail("approval", with: Flaky())]) { effects in
            DurableFunction("trip") { (context: DurableContext) in
                do {
                    try await context.saga(retry: .fixed(maxAttempts: 3, delay: .minutes(1))) { saga in
                        for place in ["flight", "hotel"] {
                            try await saga.step(place) { _ in
                                effects.note("book \(place)")
                            } compensation: { step in
                                effects.note("cancel \(place), attempt \(step.attempt)")
                                if place == "hotel", step.attempt < 3 { throw Flaky() }
                                if place == "flight" { throw Declined(code: step.attempt) }
                            }
                        }
                        let _: Bool = try await context.waitForCallback("approval") { _, _ in }
                    }
                } catch let error as SagaError {
                    return error.failures.map(\.message) + [error.message]
                }
                return []
            }
        }
    }
}
