import Foundation
import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct DurableStepTests {
    struct Receipt: Codable, Equatable {
        var id: String
        var amount: Int
    }

    @Test func `a step's body runs once, however often the handler does`() async throws {
        let calls = Calls()
        let pay = DurableFunction("pay") { (amount: Int, context: DurableContext) in
            calls.note("handler")
            let receipt = try await context.step("charge") { _ in
                calls.note("charge")
                return Receipt(id: "r-1", amount: amount)
            }
            try await context.step("note") { _ in calls.note("note") }
            try await context.wait(for: .days(30))
            return receipt
        }
        let test = try await TestEngine(functions: [pay])
        let execution = try await test.engine.start(pay, input: 1_200)
        #expect(try await execution.result() == Receipt(id: "r-1", amount: 1_200))
        #expect(calls.all == ["handler", "charge", "note"] + (handlersAreParked ? [] : ["handler"]))
        #expect(
            try await execution.history().map(\.type) == [
                "ExecutionStarted", "StepStarted", "StepSucceeded", "StepStarted", "StepSucceeded", "WaitStarted",
                "InvocationCompleted", "WaitSucceeded", "InvocationCompleted", "ExecutionSucceeded",
            ])
    }

    @Test func `the first run sees what every replay will see`() async throws {
        struct Rounding: Codable {
            var value: Double
            init(value: Double) { self.value = value }
            init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Double.self) }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(value.rounded())
            }
        }
        let seen = Calls()
        let function = DurableFunction("round") { (context: DurableContext) in
            let step = try await context.step { _ in Rounding(value: 1.4) }
            seen.note("\(step.value)")
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        try await test.engine.start(function).result()
        #expect(seen.all == Array(repeating: "1.0", count: runsWithOneSuspension))
    }

    @Test func `attempts are numbered, share an idempotency key, and wait in between`() async throws {
        let calls = Calls()
        let start = Calls()
        let function = DurableFunction("retry") { (context: DurableContext) in
            try await context.step("flaky", retry: .fixed(maxAttempts: 4, delay: .hours(1))) { step in
                calls.note("\(step.attempt)")
                start.note(step.idempotencyKey)
                if step.attempt < 3 { throw Flaky() }
                return step.attempt
            }
        }
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 3)
        #expect(calls.all == ["1", "2", "3"])
        #expect(Set(start.all).count == 1)
        #expect(start.all[0].count == 32)
        #expect(test.now.timeIntervalSince(begin) == 7_200)
        let failures = try await execution.history().filter { $0.type == "StepFailed" }
        #expect(failures.map(\.nextAttemptDelay) == [.hours(1), .hours(1)])
        #expect(failures.map(\.error) == Array(repeating: RecordedError(type: "Flaky", message: "try again"), count: 2))
    }

    @Test func `idempotency keys differ by step, execution and log`() async throws {
        let keys = Calls()
        let function = DurableFunction("keys") { (context: DurableContext) in
            for _ in 0..<2 { try await context.step { step in keys.note(step.idempotencyKey) } }
        }
        for seed in [1, 2] as [UInt64] {
            let test = try await TestEngine(functions: [function], seed: seed)
            try await test.engine.start(function).result()
            try await test.engine.start(function).result()
        }
        #expect(Set(keys.all).count == 8)
    }

    @Test func `the last failure is the step's, and decoded from the record on every run`() async throws {
        let errors = Calls()
        let function = DurableFunction("fail") { (context: DurableContext) in
            do {
                try await context.step("doomed", retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { _ in throw Flaky()
                }
            } catch let error as StepError {
                errors.note("\(error)")
            }
            try await context.wait(for: .seconds(1))
            throw Flaky()
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.status == .failed)
        #expect(error?.cause == RecordedError(type: "Flaky", message: "try again"))
        let seen = "step 'doomed' failed after 2 attempts: Flaky: try again"
        #expect(errors.all == Array(repeating: seen, count: runsWithOneSuspension))
    }

    @Test func `a step error that leaves the handler keeps its cause's message`() async throws {
        let function = DurableFunction("fail") { (context: DurableContext) in
            try await context.step(retry: .none) { _ in throw Flaky() }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.cause == RecordedError(type: "StepError", message: "try again"))
    }

    @Test func `a result that cannot be encoded fails the step at once`() async throws {
        let calls = Calls()
        let function = DurableFunction("nan") { (context: DurableContext) in
            try await context.step { _ in
                calls.note("body")
                return Double.nan
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.message.contains("cannot encode the result of step 1") == true)
        #expect(calls.all == ["body"])
    }

    @Test func `a result that is too large fails the step with the limit's name`() async throws {
        let function = DurableFunction("large") { (context: DurableContext) in
            try await context.step("blob", serdes: .bytes) { _ in [UInt8](repeating: 1, count: 20 << 20) }.count
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.message.contains("payload") == true)
        #expect(try await execution.history().contains { $0.type == "StepFailed" })
    }

    @Test(arguments: [StepSemantics.atLeastOncePerRetry, .atMostOncePerRetry])
    func `what a crash in the middle of an attempt means is the step's choice`(semantics: StepSemantics) async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("crash") { (context: DurableContext) in
            try await context.step(retry: .fixed(delay: .seconds(1)), semantics: semantics) { step in
                calls.note("\(step.attempt)")
                if calls.all.count == 1 { await gate.pass() }
                return step.attempt
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, name: "one")
        await gate.arrival()
        try await test.crash()
        let handle = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(handle.id == execution.id)
        let expected = semantics == .atLeastOncePerRetry ? 1 : 2
        #expect(try await handle.result() == expected)
        #expect(calls.all == ["1", "\(expected)"])
    }

    @Test func `at most once without a retry fails after a crash`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("crash") { (context: DurableContext) in
            try await context.step(retry: .none, semantics: .atMostOncePerRetry) { _ in
                calls.note("body")
                await gate.pass()
            }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await gate.arrival()
        try await test.crash()
        let handle = try #require(try await test.engine.execution(named: "one", of: function))
        let error = await #expect(throws: ExecutionError.self) { try await handle.result() }
        #expect(error?.message.hasPrefix("the process ended while the step ran") == true)
        #expect(calls.all == ["body"])
    }

    @Test(arguments: [StepExecution.pool, .inline])
    func `a body may use what is not Sendable, wherever it runs`(execution: StepExecution) async throws {
        final class Basket { var items: [String] = [] }
        let function = DurableFunction("basket") { (context: DurableContext) in
            let basket = Basket()
            var count = 0
            _ = try await context.step(execution: execution) { _ in
                basket.items.append("apple")
                count += 1
                return count
            }
            return basket.items.count + count
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == 2)
    }

    @Test func `what a serdes redacts is neither recorded nor returned`() async throws {
        struct Card: Codable, Equatable {
            var holder: String
            var number: String
        }
        let function = DurableFunction("card") { (context: DurableContext) in
            try await context.step("tokenize", serdes: .redacting("number")) { _ in
                Card(holder: "Ada", number: "4111111111111111")
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == Card(holder: "Ada", number: "***"))
        let recorded = try await execution.history().compactMap(\.payload).map { String(decoding: $0, as: UTF8.self) }
        #expect(recorded.allSatisfy { !$0.contains("4111") })
        #expect(recorded.first == #"{"holder":"Ada","number":"***"}"#)
    }
}
