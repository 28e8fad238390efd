import Indelible
import IndelibleTesting
import Testing

/// What an item's failure is, and what passes all tolerance.
@Suite(.bothWays) struct BatchFailureTests {
    struct Declined: RecordableError, Equatable {
        var code: Int
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `what an item threw is told as it is recorded, on every run`(nesting: BatchNesting) async throws {
        let seen = Calls()
        let function = DurableFunction("errors") { (context: DurableContext) in
            let batch = try await context.map(
                [0, 1, 2, 3], maxConcurrency: 1, completion: .allCompleted, nesting: nesting
            ) { item, context in
                switch item {
                case 0: throw Declined(code: 51)
                case 1: try await context.step("doomed", retry: .none) { _ in throw Declined(code: 7) }
                case 2:
                    try await context.runInChildContext("child") { context in
                        try await context.step(retry: .none) { _ in throw Flaky() }
                    }
                default: break
                }
                return item
            }
            seen.note(batch.errors.map { "\($0)" }.joined(separator: "; "))
            #expect(batch.errors[0].decoded(as: Declined.self) == Declined(code: 51))
            try await context.wait(for: .seconds(1))
            return batch.results
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [3])
        let words = "Declined: Declined(code: 51); StepError: Declined(code: 7); ChildContextError: try again"
        #expect(seen.all == Array(repeating: words, count: runsWithOneSuspension))
        if nesting == .nested {
            let failed = try await execution.history().filter {
                $0.type == "ContextFailed" && $0.operation?.kind == "MapIteration"
            }
            #expect(failed.compactMap(\.error?.type) == ["Declined", "StepError", "ChildContextError"])
            #expect(failed[1].error?.data == #"{"code":7}"#)
        }
    }

    static let fatal: [(type: String, body: @Sendable (DurableContext) async throws -> Void)] = [
        ("FatalError", { _ in throw FatalError("no configuration") }),
        ("FatalError", { try await $0.step { _ in throw FatalError("no configuration") } }),
        ("FatalError", { try await $0.runInChildContext { _ in throw FatalError("no configuration") } }),
        ("ContextError", { try await $0.wait(for: .zero) }),
        ("SerdesError", { _ = try await $0.runInChildContext { _ in Double.nan } }),
        ("FatalError", { _ = try await $0.map([1]) { _, _ in throw FatalError("inner") } }),
    ]

    @Test(arguments: 0..<fatal.count, [BatchNesting.nested, .flat])
    func `what is fatal passes all tolerance, and fails the execution`(index: Int, nesting: BatchNesting) async throws {
        let (type, body) = Self.fatal[index]
        let calls = Calls()
        let function = DurableFunction("fatal") { (context: DurableContext) in
            _ = try await context.map([0, 1], maxConcurrency: 1, completion: .allCompleted, nesting: nesting) {
                item, context in
                calls.note("\(item)")
                try await body(context)
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.cause.type == type)
        #expect(calls.all == ["0"])
        let history = try await execution.history()
        let ended = history.filter { ["ContextSucceeded", "ContextFailed"].contains($0.type) }
        #expect(Set(ended.map(\.operation?.kind)) == ["Map"])
        #expect(history.count { $0.type == "InvocationCompleted" } == 1)
    }

    @Test func `an item's result that cannot be encoded is fatal`() async throws {
        let function = DurableFunction("nan") { (context: DurableContext) in
            _ = try await context.map([1], completion: .allCompleted) { _, _ in Double.infinity }
        }
        let test = try await TestEngine(functions: [function])
        let error = await #expect(throws: ExecutionError.self) { try await test.engine.start(function).result() }
        #expect(error?.cause.type == "SerdesError")
        #expect(error?.message.contains("an item of map") == true)
    }

    @Test func `a fatal error abandons the items that run, and the handler may go on without them`() async throws {
        let arrival = Gate()
        let function = DurableFunction("caught") { (context: DurableContext) in
            do {
                _ = try await context.parallel("both", completion: .allCompleted) {
                    DurableBranch { context in
                        try await context.step("held") { _ in
                            arrival.open()
                            try await Task.sleep(for: .days(1))
                        }
                    }
                    DurableBranch { _ in
                        await arrival.pass()
                        throw FatalError("enough")
                    }
                }
                return "went on"
            } catch let error as FatalError {
                return try await context.step("after") { _ in error.message }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "enough")
        let ends = try await execution.history().filter { $0.type == "StepSucceeded" || $0.type == "StepFailed" }
        #expect(ends.map(\.operation?.name) == ["after"])
    }

    @Test func `a batch that passes the execution's limit of operations fails the execution`() async throws {
        var limits = EngineLimits.embedded
        limits.operationCountMax = 20
        let function = DurableFunction("limited") { (context: DurableContext) in
            try await context.map(Array(0..<100), maxConcurrency: 4, completion: .allCompleted) { item, context in
                try await context.step { _ in item }
            }.successCount
        }
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [function], options: options)
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.message == "An execution may have at most 20 operations.")
        expectNothingAfterItsContext(try await execution.history())
    }
}
