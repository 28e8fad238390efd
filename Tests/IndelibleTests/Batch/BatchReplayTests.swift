import Indelible
import IndelibleTesting
import Testing

/// How a batch is answered from its record, whole or by its items.
@Suite(.bothWays) struct BatchReplayTests {
    /// More than fits into the record of a batch in three items.
    static let item = String(repeating: "x", count: 100 << 10)

    @Test(arguments: [BatchNesting.nested, .flat])
    func `a result above 256 KiB is put together from what its items recorded`(nesting: BatchNesting) async throws {
        let calls = Calls()
        let function = DurableFunction("large") { (context: DurableContext) in
            let batch = try await context.map("large", [0, 1, 2, 3], completion: .allCompleted, nesting: nesting) {
                item, context in
                calls.note("item")
                return try await context.step(retry: .none) { _ in
                    calls.note("step")
                    if item == 2 { throw Flaky() }
                    return Self.item + "\(item)"
                }
            }
            try await context.wait(for: .seconds(1))
            return batch.results.map { String($0.suffix(1)) } + batch.errors.map(\.message)
                + [batch.completionReason.rawValue] + batch.items.map { "\($0.index) \($0.name ?? "")" }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await test.settle()
        try await test.restart()
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        let names = (0..<4).map { "\($0) map-item-\($0)" }
        #expect(try await execution.result() == ["0", "1", "3", "try again", "ALL_COMPLETED"] + names)
        #expect(calls.count(of: "step") == 4)
        // The restart took the kept handler with it. A nested item answers from its record; a flat one runs again.
        #expect(calls.count(of: "item") == (nesting == .nested ? 4 : 8))
        let summary = try await execution.history().first { $0.type == "ContextSucceeded" && $0.operation?.path == "1" }
        #expect(
            summary?.text
                == #"{"completionReason":"ALL_COMPLETED","failureCount":1,"startedCount":0,"startedIndexes":[],"#
                + #""status":"FAILED","successCount":3,"totalCount":4,"type":"MapResult"}"#)
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `items that had not ended, or not begun, are not run for it`(nesting: BatchNesting) async throws {
        let calls = Calls()
        let function = DurableFunction("partial") { (context: DurableContext) in
            // Two begin as two succeed; as the third does, the batch is over, and the last one never begins.
            let batch = try await context.map(
                "partial", [0, 1, 2, 3, 0, 0, 0], maxConcurrency: 4, completion: .successful(3), nesting: nesting,
                serdes: PaddingSerdes(), itemSerdes: .json
            ) { item, context in
                calls.note("\(item)")
                try await context.wait(for: item == 0 ? .days(1) : .seconds(item))
                return item
            }
            try await context.wait("after", for: .minutes(1))
            return batch.items.map { "\($0.index) \($0.status.rawValue) \($0.value.map { "\($0)" } ?? "")" }
                + [batch.completionReason.rawValue]
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await test.advance(by: .seconds(10))
        let before = calls.all.count
        try await test.restart()
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(
            try await execution.result() == [
                "0 STARTED ", "1 SUCCEEDED 1", "2 SUCCEEDED 2", "3 SUCCEEDED 3", "4 STARTED ", "5 STARTED ",
                "MIN_SUCCESSFUL_REACHED",
            ])
        #expect(calls.all.dropFirst(before).sorted() == (nesting == .nested ? [] : ["1", "2", "3"]))
        expectNothingAfterItsContext(try await execution.history())
    }

    @Test func `an item whose own result is above 256 KiB is put together in its turn`() async throws {
        let calls = Calls()
        let large = String(repeating: "y", count: 300 << 10)
        let function = DurableFunction("large-items") { (context: DurableContext) in
            let batch = try await context.map("outer", [0, 1]) { outer, context in
                calls.note("outer")
                return try await context.map("inner", [0, 1]) { inner, context in
                    calls.note("inner")
                    return try await context.step { _ in
                        calls.note("step")
                        return inner == 0 ? large : "small"
                    }
                }.results
            }
            try await context.wait(for: .seconds(1))
            return batch.results.map { $0.map(\.count) }
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        await test.settle()
        try await test.restart()
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await execution.result() == [[300 << 10, 5], [300 << 10, 5]])
        #expect(calls.count(of: "step") == 4)
        // Bodies whose results are in the record do not run again: the two small ones.
        #expect(calls.count(of: "outer") == 4)
        #expect(calls.count(of: "inner") == 6)
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `a batch in the middle goes on where it was, over a crash`(nesting: BatchNesting) async throws {
        let calls = Calls()
        let function = DurableFunction("middle") { (context: DurableContext) in
            try await context.map([0, 1, 2, 3], maxConcurrency: 2, nesting: nesting) { item, context in
                let first = try await context.step("first") { _ in
                    calls.note("first \(item)")
                    return item
                }
                try await context.wait(for: .hours(item + 1))
                return try await context.step("second") { _ in
                    calls.note("second \(item)")
                    return first * 10
                }
            }.results
        }
        let test = try await TestEngine(functions: [function])
        _ = try await test.engine.start(function, name: "one")
        for hours in [0, 1, 1, 2] {
            await test.advance(by: .hours(hours))
            try await test.crash()
        }
        let execution = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await execution.result() == [0, 10, 20, 30])
        #expect(calls.all.sorted() == (0..<4).flatMap { ["first \($0)", "second \($0)"] }.sorted())
    }

    @Test func `a handler that fails by its batch's failure does so on every run`() async throws {
        let seen = Calls()
        let function = DurableFunction("fails") { (context: DurableContext) in
            do {
                try await context.map("batch", [1]) { _, _ in throw Flaky() }.throwIfError()
            } catch {
                seen.note("\(error)")
                try await context.wait(for: .seconds(1))
                throw error
            }
        }
        let test = try await TestEngine(functions: [function])
        let error = await #expect(throws: ExecutionError.self) { try await test.engine.start(function).result() }
        #expect(error?.cause == RecordedError(type: "ChildContextError", message: "try again"))
        let words = "child context 'map-item-0' failed: Flaky: try again"
        #expect(seen.all == Array(repeating: words, count: runsWithOneSuspension))
    }
}
