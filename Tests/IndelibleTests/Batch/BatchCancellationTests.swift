import Indelible
import IndelibleTesting
import Testing

/// Somebody asks an execution to end in the middle of a batch.
@Suite(.bothWays) struct BatchCancellationTests {
    @Test(arguments: [BatchNesting.nested, .flat])
    func `each item that runs is told, undoes what it has done, and no other starts`(nesting: BatchNesting) async throws
    {
        let calls = Calls()
        let function = DurableFunction("cancel") { (context: DurableContext) in
            do {
                _ = try await context.map(
                    "book", [0, 1, 2], maxConcurrency: 2, completion: .allCompleted, nesting: nesting
                ) { item, context in
                    try await context.saga { saga in
                        _ = try await saga.step("book \(item)") { _ in
                            item
                        } compensation: { item, _ in
                            calls.note("undo \(item)")
                        }
                        try await context.wait(for: .hours(item + 1))
                        return item
                    }
                }
                return "went on"
            } catch let error as ExecutionCancelledError {
                // Told by the batch, and not again.
                try await context.wait("grace", for: .seconds(1))
                return try await context.step { _ in "cancelled: \(error.reason ?? "")" }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel(reason: "enough")
        #expect(try await execution.result() == "cancelled: enough")
        #expect(Set(calls.all) == ["undo 0", "undo 1"])
        #expect(calls.all.count == 2)
        let history = try await execution.history()
        expectNothingAfterItsContext(history)
        let cancelled = history.filter { $0.type == "ContextFailed" }.compactMap(\.operation?.path)
        #expect(Set(cancelled) == (nesting == .nested ? ["1", "1-1", "1-2"] : ["1"]))
        #expect(history.count { $0.operation?.kind == "Cancellation" && $0.type == "StepSucceeded" } == 2)
    }

    @Test func `items that let it pass by come to their results, and the handler is told itself`() async throws {
        let function = DurableFunction("stubborn") { (context: DurableContext) in
            let batch = try await context.map([0, 1]) { item, context in
                do {
                    try await context.wait(for: .hours(1))
                } catch is ExecutionCancelledError {
                    try await context.wait(for: .seconds(item + 1))
                }
                return item
            }
            do {
                try await context.step("next") { _ in }
                return "not told"
            } catch is ExecutionCancelledError {
                return try await context.step { _ in "told after \(batch.results)" }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        #expect(try await execution.result() == "told after [0, 1]")
    }

    @Test func `an item that has been told ends its batch although another fails meanwhile`() async throws {
        let function = DurableFunction("mixed") { (context: DurableContext) in
            _ = try await context.map([0, 1], completion: .tolerating(failures: 0)) { item, context in
                do {
                    try await context.wait(for: .hours(1))
                } catch is ExecutionCancelledError where item == 1 {
                    try await context.wait(for: .seconds(1))
                    throw Flaky()
                }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel(reason: "stop")
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.cause.type == "ExecutionCancelledError")
        let history = try await execution.history()
        #expect(
            history.contains { $0.type == "ContextFailed" && $0.operation?.path == "1-2" && $0.error?.type == "Flaky" })
    }

    @Test func `stopping an execution in the middle of a batch ends its bodies, and records nothing of them`()
        async throws
    {
        let (arrival, ended) = (Gate(), Calls())
        let function = DurableFunction("stopped") { (context: DurableContext) in
            _ = try await context.parallel {
                DurableBranch { context in
                    try await context.step { _ in
                        arrival.open()
                        defer { ended.note("body") }
                        try await Task.sleep(for: .days(1))
                    }
                }
                DurableBranch { context in try await context.wait(for: .hours(1)) }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await arrival.pass()
        try await execution.stop()
        await #expect(throws: ExecutionError.self) { try await execution.result() }
        await test.settle()
        #expect(ended.all == ["body"])
        #expect(try await execution.history().allSatisfy { $0.type != "StepFailed" && $0.type != "ContextFailed" })
    }

    @Test func `closing in the middle of a batch ends its bodies, and the next open runs them again`() async throws {
        let (arrival, calls) = (Gate(), Calls())
        let function = DurableFunction("closed") { (context: DurableContext) in
            try await context.map([0, 1, 2]) { item, context in
                if item == 2 { try await context.wait(for: .hours(1)) }
                return try await context.step("\(item)") { _ in
                    calls.note("\(item)")
                    if item == 0, calls.count(of: "0") == 1 {
                        arrival.open()
                        try await Task.sleep(for: .days(1))
                    }
                    return item
                }
            }.results
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await arrival.pass()
        try await test.restart(grace: .zero)
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await execution.result() == [0, 1, 2])
        #expect(calls.count(of: "0") == 2)
        let history = try await execution.history()
        #expect(history.allSatisfy { $0.type != "StepFailed" && $0.type != "ContextFailed" })
        expectNothingAfterItsContext(history)
    }
}
