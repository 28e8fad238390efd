import Indelible
import IndelibleTesting
import Logging
import Testing

@Suite(.bothWays) struct ReplayTests {
    /// A function with one step of this name before a wait, and another after it.
    static func function(
        step: String, options: FunctionOptions = FunctionOptions(), calls: Calls
    ) -> DurableFunction<Void, String> {
        DurableFunction("evolve", options: options) { (context: DurableContext) in
            let first = try await context.step(step) { _ in
                calls.note(step)
                return step
            }
            try await context.wait("pause", for: .hours(1))
            return try await context.step("end") { _ in first + ", end" }
        }
    }

    @Test func `a step that changed its name is held with both names and goes on under the old code`() async throws {
        let calls = Calls()
        let (old, new) = (Self.function(step: "reserve", calls: calls), Self.function(step: "book", calls: calls))
        let test = try await TestEngine(functions: [old])
        _ = try await test.engine.start(old, name: "one")
        await test.settle()

        try await test.restart(functions: [new])
        await test.advance(by: .hours(2))
        let held = try #require(try await test.engine.execution(named: "one", of: new))
        let description = try await held.description()
        #expect(description.status == .running)
        #expect(description.standing.code == .held)
        let mismatch = try #require(description.standing.mismatch)
        #expect(mismatch.recorded?.description == "Step 'reserve' at 1")
        #expect(mismatch.attempted.description == "Step 'book' at 1")
        #expect(calls.all == ["reserve"])

        try await test.restart(functions: [old])
        let execution = try #require(try await test.engine.execution(named: "one", of: old))
        #expect(try await execution.result() == "reserve, end")
        #expect(calls.all == ["reserve"])
    }

    @Test func `registering matching code lifts a hold without a restart`() async throws {
        let calls = Calls()
        let (old, new) = (Self.function(step: "reserve", calls: calls), Self.function(step: "book", calls: calls))
        let test = try await TestEngine(functions: [old])
        let execution = try await test.engine.start(old)
        await test.settle()
        try await test.engine.register(new)
        await test.advance(by: .hours(2))
        #expect(try await execution.description().standing.code == .held)
        try await test.engine.register(old)
        #expect(try await execution.result() == "reserve, end")
    }

    @Test func `a function may ask that a mismatch fails`() async throws {
        let calls = Calls()
        let old = Self.function(step: "reserve", calls: calls)
        let new = Self.function(step: "book", options: FunctionOptions(onMismatch: .fail), calls: calls)
        let test = try await TestEngine(functions: [old])
        let execution = try await test.engine.start(old)
        await test.settle()
        try await test.engine.register(new)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.cause.type == "ReplayError")
        #expect(error?.message.contains("Step 'reserve' at 1") == true)
    }

    @Test func `another kind of operation at a place is a mismatch, and catching it changes nothing`() async throws {
        let old = DurableFunction("kind") { (context: DurableContext) in
            try await context.step("a") { _ in }
            try await context.wait(for: .hours(1))
        }
        let new = DurableFunction("kind") { (context: DurableContext) in
            do {
                try await context.wait("a", for: .seconds(1))
            } catch let error as ReplayError {
                _ = error
            }
        }
        let test = try await TestEngine(functions: [old])
        let execution = try await test.engine.start(old)
        await test.settle()
        try await test.engine.register(new)
        await test.advance(by: .hours(2))
        #expect(try await execution.description().standing.mismatch?.attempted.kind == "Wait")
    }

    @Test func `each message is logged once, and a step's at every attempt`() async throws {
        let log = LogRecorder()
        let function = DurableFunction("log") { (context: DurableContext) in
            context.logger.info("begin")
            try await context.step("work", retry: .fixed(delay: .seconds(1))) { step in
                step.logger.info("attempt")
                if step.attempt == 1 { throw Flaky() }
            }
            context.logger.info("middle")
            try await context.runInChildContext { child in
                child.logger.info("inside")
                try await child.wait(for: .hours(1))
                child.logger.info("inside, later")
            }
            context.logger.info("end, replaying: \(context.isReplaying)")
        }
        let test = try await TestEngine(functions: [function], options: log.options)
        try await test.engine.start(function, name: "one").result()
        #expect(
            log.messages.map(\.text) == [
                "begin", "attempt", "attempt", "middle", "inside", "inside, later", "end, replaying: false",
            ])
        #expect(log.messages.allSatisfy { $0.metadata["execution"] == "one" && $0.metadata["function"] == "log" })
        let attempts = log.messages.filter { $0.text == "attempt" }
        #expect(attempts.map { $0.metadata["attempt"] } == ["1", "2"])
        #expect(attempts.map { $0.metadata["operation-name"] } == ["work", "work"])
    }
}
