import Indelible
import IndelibleTesting
import Testing

/// Values that cannot be decoded and come from outside of an operation that has ended: what is under way, a handler's input
/// and result, a callback's answer.
@Suite(.bothWays) struct UndecodableOutsideTests {
    @Test func `a condition keeps a state that is none of its type, for the code that can read it`() async throws {
        let (seen, checks) = (Calls(), Calls())
        func function<State: UndecodableRecordTests.Value>(_ state: State) -> DurableFunction<Void, String> {
            UndecodableRecordTests.reading(seen, catches: false) { context in
                let poll = PollPolicy<State>.custom { _, attempt in
                    attempt < 3 ? .poll(after: .hours(1)) : .stop
                }
                _ = try await context.waitForCondition("read", from: state, poll: poll) { state, step in
                    checks.note("\(state) \(step.attempt)")
                    return state
                }
            }
        }
        let (before, after) = (function("text"), function(1))
        let test = try await TestEngine(functions: [before])
        let id = try await test.engine.start(before).id
        await test.settle()
        try await test.crash(functions: [after])
        let execution = try #require(try await test.engine.execution(id: id, of: after))
        try await UndecodableRecordTests.expectUnharmed(execution, seen, catches: false, "a.sS a.sOK(1,+3600)")
        #expect(checks.all == ["text 1"])
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `a batch under way ends by an item of another type, which every run is told`(nesting: BatchNesting)
        async throws
    {
        let seen = Calls()
        func function<Value: UndecodableRecordTests.Value>(_ value: Value) -> DurableFunction<Void, String> {
            UndecodableRecordTests.reading(seen, catches: true) { context in
                _ = try await context.map("read", [0, 1], completion: .allCompleted, nesting: nesting) {
                    item, context in
                    if item == 1 { try await context.wait("rest", for: .hours(1)) }
                    return try await context.step("work") { _ in value }
                }
            }
        }
        let (before, after) = (function("text"), function(1))
        let test = try await TestEngine(functions: [before])
        let id = try await test.engine.start(before).id
        await test.settle()
        try await test.crash(functions: [after])
        let execution = try #require(try await test.engine.execution(id: id, of: after))
        #expect(try await execution.result() == "decodingFailed")
        let history = try await execution.history()
        // Neither the item nor its step has failed.
        let failed = history.filter { $0.operation != nil && $0.error != nil }
        #expect(failed.map(\.type) == ["ContextFailed"])
        #expect(failed.first?.operation?.kind == "Map")
        #expect(failed.first?.error?.type == "SerdesError")
        #expect(failed.first?.error?.message == seen.all.first)
        // A flat item runs again, and its step is what cannot be read: then the other one is abandoned.
        #expect(Set(seen.all).count == 1)
        let what = nesting == .nested ? "the result of item 0 of " : "the result of step 'work'"
        #expect(seen.all.first?.hasPrefix("cannot decode \(what)") == true)
    }

    @Test func `an input that is none of the handler's type fails the execution, before it begins and in the middle`()
        async throws
    {
        let calls = Calls()
        func function<Input: UndecodableRecordTests.Value>(_ type: Input.Type) -> DurableFunction<Input, String> {
            DurableFunction("read") { (input: Input, context: DurableContext) in
                calls.note("\(type)")
                try await context.wait(for: .hours(1))
                return "\(input)"
            }
        }
        let (text, number) = (function(String.self), function(Int.self))
        let test = try await TestEngine(functions: [text])
        let id = try await test.engine.start(text, input: "one").id
        await test.settle()
        try await test.restart(functions: [number])
        let execution = try #require(try await test.engine.execution(id: id, of: number))
        let error = try await failure(of: execution)
        #expect(error.status == .failed)
        #expect(error.cause.type == "SerdesError")
        #expect(error.message.hasPrefix("cannot decode the input of function 'read' as Int: "))
        #expect(!calls.all.contains("Int"))
        let history = try await execution.history()
        #expect(history.operations == "a.wS a.wOK X(F)")
        #expect(history.last?.error == error.cause)

        let oneWay = function(UndecodableRecordTests.OneWay.self)
        try await test.engine.register(oneWay)
        let first = try await failure(of: try await test.engine.start(oneWay, input: .init()))
        #expect(first.cause.type == "SerdesError")
        #expect(!calls.all.contains("OneWay"))
    }

    @Test func `a result that is none of the type that is asked for is told to who asks, and stays`() async throws {
        let text = DurableFunction("read") { (_: DurableContext) in "text" }
        let number = DurableFunction("read") { (_: DurableContext) in 1 }
        let test = try await TestEngine(functions: [text])
        let id = try await test.engine.start(text).id
        await test.settle()
        let asked = try #require(try await test.engine.execution(id: id, of: number))
        let error = await #expect(throws: SerdesError.self) { try await asked.result() }
        #expect(error?.code == .decodingFailed)
        #expect(error?.message.hasPrefix("cannot decode the result of function 'read' as Int: ") == true)
        #expect(try await asked.status == .succeeded)
        #expect(try await test.engine.execution(id: id, of: text)?.result() == "text")
    }

    @Test(arguments: [true, false], [true, false])
    func `an answer that is none of a callback's type is told on every run, and the callback has succeeded`(
        isWaitedFor: Bool, catches: Bool
    ) async throws {
        let seen = Calls()
        let function = UndecodableRecordTests.reading(seen, catches: catches) { context in
            if isWaitedFor {
                let _: Int = try await context.waitForCallback("read") { _, _ in }
            } else {
                _ = try await context.createCallback("read", of: Int.self).result()
            }
        }
        let test = try await TestEngine(functions: [function])
        let id = try await test.engine.start(function).id
        try await test.complete(callback: "read", of: id, with: "text")
        await test.settle()
        #expect(!seen.all.isEmpty)
        try await test.crash()
        let execution = try #require(try await test.engine.execution(id: id, of: function))
        try await UndecodableRecordTests.expectUnharmed(
            execution, seen, catches: catches,
            isWaitedFor ? "a.cS b.kS c.sS c.sOK b.kOK a.cOK" : "a.kS a.kOK")
    }
}
