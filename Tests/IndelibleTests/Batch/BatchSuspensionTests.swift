import Foundation
import Indelible
import IndelibleTesting
import Testing

/// What happens while branches wait: SPEC.md, "Batches"; AWS's JS and Python SDKs do the same.
@Suite(.bothWays) struct BatchSuspensionTests {
    /// The ends of waits and of invocations, in order.
    private static func rests(_ history: [HistoryEvent]) -> [String] {
        history.compactMap { event in
            switch event.type {
            case "WaitSucceeded": event.operation?.name
            case "InvocationCompleted": "INV"
            default: nil
            }
        }
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `branches that all wait rest together, and each timer is an invocation`(nesting: BatchNesting) async throws {
        let function = DurableFunction("waits") { (context: DurableContext) in
            try await context.map([1, 5, 10], nesting: nesting) { seconds, context in
                try await context.wait("\(seconds)", for: .seconds(seconds))
                return seconds
            }.results
        }
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [1, 5, 10])
        #expect(test.now.timeIntervalSince(begin) == 10)
        let history = try await execution.history()
        #expect(Self.rests(history) == ["INV", "1", "INV", "5", "INV", "10", "INV"])
        expectNothingAfterItsContext(history)
    }

    @Test func `an item that waits keeps its place among those that may run`() async throws {
        let function = DurableFunction("places") { (context: DurableContext) in
            try await context.map([3, 1, 1], maxConcurrency: 2) { hours, context in
                try await context.wait("\(hours)", for: .hours(hours))
                return hours
            }.results
        }
        let test = try await TestEngine(functions: [function])
        let begin = test.now
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [3, 1, 1])
        // The third begins when the second has ended.
        #expect(test.now.timeIntervalSince(begin) == 3 * 3_600)
        let starts = try await execution.history().filter { $0.type == "WaitStarted" }
        #expect(starts.map { $0.time.timeIntervalSince(begin) } == [0, 0, 3_600])
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `a branch that is due goes on while another's body still runs, in the same invocation`(
        nesting: BatchNesting
    ) async throws {
        let (long, late) = (Gate(), Gate())
        let function = DurableFunction("in-process") { (context: DurableContext) in
            try await context.parallel("both", nesting: nesting) {
                DurableBranch { context in
                    try await context.step("long") { _ in await long.pass() }
                    return "long"
                }
                DurableBranch { context in
                    try await context.wait("second", for: .seconds(1))
                    try await context.step("late") { _ in await late.pass() }
                    try await context.wait("another", for: .seconds(1))
                    return "late"
                }
            }.results
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await long.arrival()
        try await execution.reach("WaitStarted", of: "second")
        await test.advance(by: .seconds(1), waitsForHandlers: false)
        await late.arrival()
        late.open()
        try await execution.reach("WaitStarted", of: "another")
        await test.advance(by: .seconds(1), waitsForHandlers: false)
        try await execution.reach("WaitSucceeded", of: "another")
        if nesting == .nested { try await execution.reach("ContextSucceeded", of: "parallel-branch-1") }
        #expect(try await execution.history().allSatisfy { $0.type != "InvocationCompleted" })
        long.open()
        #expect(try await execution.result() == ["long", "late"])
        #expect(Self.rests(try await execution.history()) == ["second", "another", "INV"])
    }

    @Test func `callbacks of branches are answered in any order`() async throws {
        let ids = Calls()
        let function = DurableFunction("callbacks") { (context: DurableContext) in
            try await context.map(["a", "b", "c"]) { item, context in
                let answer: String = try await context.waitForCallback(item) { id, _ in ids.note("\(item) \(id)") }
                return item + answer
            }.results
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        for item in ["c", "a", "b"] {
            await test.settle()
            let note = try #require(ids.all.first { $0.hasPrefix(item) })
            try await test.engine.complete(callback: CallbackID(String(note.dropFirst(2))), with: item.uppercased())
        }
        #expect(try await execution.result() == ["aA", "bB", "cC"])
        #expect(ids.all.count == 3)
        #expect(try await execution.history().count { $0.type == "InvocationCompleted" } == 4)
    }

    @Test func `a callback is answered in the invocation in which another branch still runs`() async throws {
        let (ids, long) = (Calls(), Gate())
        let function = DurableFunction("answered") { (context: DurableContext) in
            try await context.parallel("both") {
                DurableBranch { context in
                    try await context.step { _ in await long.pass() }
                    return 1
                }
                DurableBranch { context in try await context.waitForCallback("answer") { id, _ in ids.note("\(id)") } }
            }.results
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.reach("StepSucceeded", of: "answer submitter")
        await long.arrival()
        try await test.engine.complete(callback: CallbackID(ids.all[0]), with: 2)
        try await execution.reach("ContextSucceeded", of: "parallel-branch-1")
        long.open()
        #expect(try await execution.result() == [1, 2])
        #expect(try await execution.history().count { $0.type == "InvocationCompleted" } == 1)
    }

    @Test func `functions are invoked, steps retried and conditions polled side by side`() async throws {
        let child = DurableFunction("child") { (number: Int, context: DurableContext) in
            try await context.wait(for: .seconds(3))
            return number * 2
        }
        let function = DurableFunction("mixed") { (context: DurableContext) in
            try await context.parallel("mixed") {
                DurableBranch("invoke") { context in try await context.invoke(child, input: 21, name: "child") }
                DurableBranch("retry") { context in
                    try await context.step(retry: .fixed(maxAttempts: 3, delay: .seconds(2))) { step in
                        if step.attempt < 3 { throw Flaky() }
                        return step.attempt
                    }
                }
                DurableBranch("poll") { context in
                    try await context.waitForCondition(from: 0, poll: .until({ $0 == 4 }, every: .seconds(1))) {
                        state, _ in
                        state + 1
                    }
                }
                DurableBranch("child") { context in
                    try await context.runInChildContext("inner") { context in
                        try await context.wait(for: .seconds(2))
                        return 5
                    }
                }
            }.results
        }
        let test = try await TestEngine(functions: [function, child])
        let begin = test.now
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [42, 3, 4, 5])
        #expect(test.now.timeIntervalSince(begin) == 4)
        expectNothingAfterItsContext(try await execution.history())
    }

    @Test func `bodies run once for each time that their handler does, and ended ones never again`() async throws {
        let calls = Calls()
        let function = DurableFunction("runs") { (context: DurableContext) in
            calls.note("handler")
            return try await context.map([0, 1, 2]) { item, context in
                calls.note("item \(item)")
                if item > 0 { try await context.wait(for: .seconds(item)) }
                return try await context.step { _ in
                    calls.note("step \(item)")
                    return item
                }
            }.results
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == [0, 1, 2])
        #expect((0..<3).map { calls.count(of: "step \($0)") } == [1, 1, 1])
        #expect(calls.count(of: "handler") == (handlersAreParked ? 1 : 3))
        #expect((0..<3).map { calls.count(of: "item \($0)") } == (handlersAreParked ? [1, 1, 1] : [1, 2, 3]))
    }

    @Test func `each branch sees its own time and its own random numbers, the same on every run`() async throws {
        let seen = Calls()
        let function = DurableFunction("seen") { (context: DurableContext) in
            let batch = try await context.map([1, 2]) { item, context in
                try await context.wait(for: .seconds(item))
                let line = "\(item) \(context.now.timeIntervalSince1970) \(context.random.next()) \(context.uuid())"
                seen.note(line)
                try await context.wait(for: .seconds(5))
                return line
            }
            return batch.results + ["\(context.now.timeIntervalSince1970)"]
        }
        let test = try await TestEngine(functions: [function])
        let begin = Int(test.now.timeIntervalSince1970)
        let result = try await test.engine.start(function).result()
        #expect(Set(seen.all).count == 2)
        #expect(Set(seen.all) == Set(result.prefix(2)))
        #expect(result[0].hasPrefix("1 \(begin + 1)"))
        #expect(result[1].hasPrefix("2 \(begin + 2)"))
        #expect(result[2] == "\(Double(begin + 7))")
    }
}

extension ExecutionHandle {
    /// Looks at the history until it holds the event, while handlers run and time stands still.
    func reach(_ type: String, of name: String) async throws {
        while try await !history().contains(where: { $0.type == type && $0.operation?.name == name }) {
            await Task.yield()
        }
    }
}
