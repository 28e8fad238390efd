import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct InvokeTests {
    static let shout = DurableFunction("shout") { (word: String, context: DurableContext) in
        try await context.wait("breath", for: .seconds(5))
        return try await context.step("shout") { _ in word.uppercased() }
    }
    static let whisper = PlainFunction("whisper") { (word: String) in word.lowercased() }

    @Test func `an invoke runs its function once, and the history says which`() async throws {
        let calls = Calls()
        let parent = DurableFunction("parent") { (context: DurableContext) in
            let word = try await context.invoke(Self.shout, input: "hello", name: "call", tenantID: "acme")
            calls.note(word)
            try await context.wait(for: .seconds(1))
            return word
        }
        let test = try await TestEngine(functions: [parent, Self.shout])
        let execution = try await test.engine.start(parent)
        #expect(try await execution.result() == "HELLO")
        // The handler has seen it on each run that came so far.
        #expect(calls.all == Array(repeating: "HELLO", count: runsWithOneSuspension))
        let history = try await execution.history()
        #expect(history.notation == "a.iS INV a.iOK b.wS INV b.wOK INV X")
        #expect(history.map(\.id) == Array(1...history.count))
        let started = try #require(history.events(of: .started("call")).first)
        #expect(started.operation?.kind == "ChainedInvoke")
        #expect(started.payload == Array(#""hello""#.utf8))
        #expect(started.functionName == "shout:$LATEST")
        #expect(started.executedVersion == "$LATEST")
        #expect(started.tenantID == "acme")
        #expect(history.events(of: .succeeded("call")).first?.payload == Array(#""HELLO""#.utf8))
        let children = try await test.engine.executions(of: "shout")
        #expect(children.count == 1)
        let child = try #require(children.first)
        #expect(started.invokedExecutionARN?.hasSuffix("/\(child.id)") == true)
        #expect(child.status == .succeeded)
        #expect(
            try await test.engine.history(of: child.id).notation == "a.wS INV a.wOK b.sS b.sOK INV X")
    }

    @Test(arguments: ["durable", "plain", "name", "name and version", "name and qualifier", "ARN"])
    func `a target is a function, or a reference to one by any of its names`(form: String) async throws {
        let parent = DurableFunction("parent") { (context: DurableContext) in
            let arn = context.executionARN.split(separator: ":function:")[0] + ":function:"
            return switch form {
            case "durable": try await context.invoke(Self.shout, input: "Word")
            case "plain": try await context.invoke(Self.whisper, input: "WORD").uppercased()
            case "name": try await context.invoke(FunctionReference<String, String>("shout"), input: "Word")
            case "name and version":
                try await context.invoke(FunctionReference<String, String>("shout", version: 7), input: "Word")
            case "name and qualifier":
                try await context.invoke(FunctionReference<String, String>("shout:$LATEST"), input: "Word")
            default: try await context.invoke(FunctionReference<String, String>("\(arn)shout"), input: "Word")
            }
        }
        let seventh = DurableFunction("shout", options: FunctionOptions(version: 7)) {
            (word: String, _: DurableContext) in word.uppercased()
        }
        let test = try await TestEngine(functions: [parent, Self.shout, seventh, Self.whisper])
        let execution = try await test.engine.start(parent)
        #expect(try await execution.result() == "WORD")
        let history = try await execution.history()
        #expect(history.operations == "a.iS a.iOK X")
        let started = try #require(history.first { $0.type == "ChainedInvokeStarted" })
        #expect(started.executedVersion == (form == "name and version" ? "7" : "$LATEST"))
        // The call of a plain function is no execution that anybody finds.
        #expect((started.invokedExecutionARN == nil) == (form == "plain"))
        #expect(try await test.engine.executions().count == (form == "plain" ? 1 : 2))
    }

    @Test func `functions without an input or a result are invoked without one`() async throws {
        let calls = Calls()
        let both = DurableFunction("both") { (context: DurableContext) in
            try await context.step { _ in calls.note("both") }
        }
        let input = DurableFunction("input") { (word: String, context: DurableContext) in
            try await context.step { _ in calls.note("input \(word)") }
        }
        let output = DurableFunction("output") { (context: DurableContext) in try await context.step { _ in 7 } }
        let plainBoth = PlainFunction("plain-both") { calls.note("plain both") }
        let plainInput = PlainFunction("plain-input") { (word: String) in calls.note("plain input \(word)") }
        let plainOutput = PlainFunction("plain-output") { 8 }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            try await context.invoke(both)
            try await context.invoke(input, input: "one")
            let seven = try await context.invoke(output)
            try await context.invoke(plainBoth)
            try await context.invoke(plainInput, input: "two")
            let eight = try await context.invoke(plainOutput)
            try await context.invoke(FunctionReference<Void, Void>("both"))
            try await context.invoke(FunctionReference<String, Void>("input"), input: "three")
            return [seven, eight, try await context.invoke(FunctionReference<Void, Int>("output"))]
        }
        let test = try await TestEngine(
            functions: [parent, both, input, output, plainBoth, plainInput, plainOutput])
        let execution = try await test.engine.start(parent)
        #expect(try await execution.result() == [7, 8, 7])
        #expect(calls.all == ["both", "input one", "plain both", "plain input two", "both", "input three"])
        let history = try await execution.history()
        let inputs = history.filter { $0.type == "ChainedInvokeStarted" }.map { $0.payload.map { $0.count } }
        #expect(inputs == [nil, 5, nil, nil, 5, nil, nil, 7, nil])
        let results = history.filter { $0.type == "ChainedInvokeSucceeded" }.map { $0.payload.map { $0.count } }
        #expect(results == [nil, nil, 1, nil, nil, 1, nil, nil, 1])
    }

    @Test func `a function sees the tenant that its invoke names, and none otherwise`() async throws {
        let tenant = DurableFunction("tenant") { (context: DurableContext) in context.tenantID ?? "none" }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            let named = try await context.invoke(tenant, tenantID: "a.b_c:/=+@ -9")
            return [context.tenantID ?? "none", named, try await context.invoke(tenant)]
        }
        let test = try await TestEngine(functions: [parent, tenant])
        let execution = try await test.engine.start(parent, tenantID: "outer")
        #expect(try await execution.result() == ["outer", "a.b_c:/=+@ -9", "none"])
    }

    @Test func `executions nest`() async throws {
        let bottom = DurableFunction("bottom") { (depth: Int, context: DurableContext) in
            try await context.wait(for: .hours(1))
            return ["bottom \(depth)"]
        }
        let middle = DurableFunction("middle") { (depth: Int, context: DurableContext) in
            try await context.runInChildContext("inside") { child in
                try await child.invoke(bottom, input: depth + 1) + ["middle \(depth)"]
            }
        }
        let top = DurableFunction("top") { (context: DurableContext) in
            try await context.invoke(middle, input: 1) + ["top"]
        }
        let test = try await TestEngine(functions: [top, middle, bottom])
        let execution = try await test.engine.start(top)
        #expect(try await execution.result() == ["bottom 2", "middle 1", "top"])
        #expect(try await execution.history().notation == "a.iS INV a.iOK INV X")
        let child = try #require(try await test.engine.executions(of: "middle").first)
        #expect(try await test.engine.history(of: child.id).notation == "a.cS b.iS INV b.iOK a.cOK INV X")
    }

    @Test func `inputs and results go by the function's own serdes`() async throws {
        let reverse = DurableFunction("reverse", options: FunctionOptions(serdes: .bytes)) {
            (bytes: [UInt8], _: DurableContext) in [UInt8](bytes.reversed())
        }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            let reference = FunctionReference<[UInt8], [UInt8]>("reverse", serdes: .bytes)
            return try await context.invoke(reverse, input: [1, 2, 3]) + context.invoke(reference, input: [4, 5])
        }
        let test = try await TestEngine(functions: [parent, reverse])
        let execution = try await test.engine.start(parent)
        #expect(try await execution.result() == [3, 2, 1, 5, 4])
        let payloads = try await execution.history().filter { $0.type.hasPrefix("ChainedInvoke") }.map(\.payload)
        #expect(payloads == [[1, 2, 3], [3, 2, 1], [4, 5], [5, 4]])
    }

    @Test func `a function that is not registered is waited for, visibly, and runs when it is`() async throws {
        let parent = DurableFunction("parent") { (context: DurableContext) in
            try await context.invoke(FunctionReference<String, String>("shout"), input: "late")
        }
        let test = try await TestEngine(functions: [parent])
        let execution = try await test.engine.start(parent)
        await test.advance(by: .days(1))
        #expect(try await execution.description().standing.code == .suspended)
        let child = try #require(try await test.engine.executions(of: "shout").first)
        #expect(child.standing.code == .functionNotRegistered)
        #expect(child.functionVersion == "$LATEST")
        try await test.crash(functions: [parent, Self.shout])
        let after = try #require(try await test.engine.execution(id: execution.id, of: parent))
        #expect(try await after.result() == "LATE")
        #expect(try await after.history().notation == "a.iS INV a.iOK INV X")
    }

    @Test func `with AWS's limits an unknown function fails at once, and nothing of its input is recorded`()
        async throws
    {
        let parent = DurableFunction("parent") { (context: DurableContext) in
            do {
                return try await context.invoke(FunctionReference<String, String>("nobody"), input: "secret")
            } catch let error as InvokeError {
                try await context.wait(for: .seconds(1))
                return "\(error.code) \(error.cause)"
            }
        }
        let options = EngineOptions(segmentSizes: [256 << 10], limits: .aws)
        let test = try await TestEngine(functions: [parent], options: options)
        let execution = try await test.engine.start(parent)
        #expect(try await execution.result() == "failed ResourceNotFoundException: Function not found: nobody")
        let history = try await execution.history()
        #expect(history.notation == "a.iS a.iF b.wS INV b.wOK INV X")
        let started = try #require(history.first { $0.type == "ChainedInvokeStarted" })
        #expect(started.payload == nil)
        #expect(started.executedVersion == nil)
    }
}
