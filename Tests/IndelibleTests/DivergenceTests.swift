import Indelible
import IndelibleTesting
import Testing

/// A handler that asks for other operations than its history holds.
@Suite(.bothWays) struct DivergenceTests {
    indirect enum Operation: Sendable {
        case step(String)
        case wait(String)
        /// Longer than these tests let pass before the code changes.
        case longWait
        case callback(String)
        case invoke(String)
        case child(String, [Operation])
        case virtual([Operation])
        case condition(String)
        case unnamed

        func run(_ context: DurableContext) async throws {
            switch self {
            case .step(let name): try await context.step(name) { _ in }
            case .wait(let name): try await context.wait(name, for: .milliseconds(1))
            case .longWait: try await context.wait("long", for: .hours(1))
            case .callback(let name): _ = try await context.createCallback(name, of: Int.self)
            case .invoke(let name): try await context.invoke(FunctionReference<Void, Void>("nothing"), name: name)
            case .child(let name, let operations):
                try await context.runInChildContext(name) { child in
                    for each in operations { try await each.run(child) }
                }
            case .virtual(let operations):
                try await context.runInVirtualContext { child in for each in operations { try await each.run(child) } }
            case .condition(let name):
                _ = try await context.waitForCondition(name, from: 0, poll: .until({ _ in true }, every: .seconds(1))) {
                    state, _ in state
                }
            case .unnamed: try await context.step { _ in }
            }
        }
    }

    /// The operations, and then a wait of an hour.
    static func function(
        _ operations: [Operation], options: FunctionOptions = FunctionOptions()
    ) -> DurableFunction<Void, String> {
        DurableFunction("evolve", options: options) { (context: DurableContext) in
            for each in operations { try await each.run(context) }
            try await context.wait("pause", for: .hours(1))
            return "done"
        }
    }

    static let nothing = PlainFunction("nothing") {}

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var old: [Operation] = [.step("a"), .step("b"), .step("c"), .step("d")]
        var new: [Operation]
        var recorded: String?
        var attempted: String
        var cause: ReplayError.Cause
        var agreed: [String] = []
    }

    static let cases: [Case] = [
        Case(
            testDescription: "renamed", new: [.step("a"), .step("x"), .step("c"), .step("d")],
            recorded: "Step 'b' at 2", attempted: "Step 'x' at 2", cause: .renamed, agreed: ["Step 'a' at 1"]),
        Case(
            testDescription: "renamed at the end", new: [.step("a"), .step("b"), .step("c"), .step("x")],
            recorded: "Step 'd' at 4", attempted: "Step 'x' at 4", cause: .renamed,
            agreed: ["Step 'a' at 1", "Step 'b' at 2", "Step 'c' at 3"]),
        Case(
            testDescription: "a name that is gone", new: [.unnamed, .step("b")],
            recorded: "Step 'a' at 1", attempted: "Step at 1", cause: .renamed),
        Case(
            testDescription: "another kind of the same name",
            new: [.step("a"), .step("b"), .callback("c"), .step("d")],
            recorded: "Step 'c' at 3", attempted: "Callback 'c' at 3", cause: .changedKind,
            agreed: ["Step 'a' at 1", "Step 'b' at 2"]),
        Case(
            testDescription: "a condition in place of a step", new: [.condition("a")],
            recorded: "Step 'a' at 1", attempted: "WaitForCondition 'a' at 1", cause: .changedKind),
        Case(
            testDescription: "a child in place of an invoke", old: [.invoke("a")], new: [.child("a", [])],
            recorded: "ChainedInvoke 'a' at 1", attempted: "RunInChildContext 'a' at 1", cause: .changedKind),
        Case(
            testDescription: "inserted", new: [.step("a"), .wait("x"), .step("b"), .step("c"), .step("d")],
            recorded: "Step 'b' at 2", attempted: "Wait 'x' at 2", cause: .inserted, agreed: ["Step 'a' at 1"]),
        Case(
            testDescription: "inserted where a context without a record was",
            old: [.step("a"), .virtual([.step("b")]), .step("c")], new: [.step("a"), .step("x"), .step("c")],
            recorded: nil, attempted: "Step 'x' at 2", cause: .changedContext, agreed: ["Step 'a' at 1"]),
        Case(
            testDescription: "inserted where an empty context was",
            old: [.step("a"), .virtual([]), .step("c")], new: [.step("a"), .step("x"), .step("c")],
            recorded: nil, attempted: "Step 'x' at 2", cause: .inserted, agreed: ["Step 'a' at 1"]),
        Case(
            testDescription: "removed", new: [.step("a"), .step("c"), .step("d")],
            recorded: "Step 'b' at 2", attempted: "Step 'c' at 2", cause: .removed, agreed: ["Step 'a' at 1"]),
        Case(
            testDescription: "reordered", new: [.step("d"), .step("b"), .step("c"), .step("a")],
            recorded: "Step 'a' at 1", attempted: "Step 'd' at 1", cause: .reordered),
        Case(
            testDescription: "moved into a context", new: [.step("a"), .child("group", [.step("b")]), .step("c")],
            recorded: "Step 'b' at 2", attempted: "RunInChildContext 'group' at 2", cause: .inserted,
            agreed: ["Step 'a' at 1"]),
        Case(
            testDescription: "in a context, with what agrees there",
            old: [.step("a"), .child("group", [.step("one"), .step("two"), .wait("three")])],
            new: [.step("a"), .child("group", [.step("one"), .step("2"), .wait("three")])],
            recorded: "Step 'two' at 2-2", attempted: "Step '2' at 2-2", cause: .renamed, agreed: ["Step 'one' at 2-1"]),
    ]

    @Test(arguments: cases)
    func `is held with both sides, what agreed before, and a guess`(changed: Case) async throws {
        var (old, new) = (changed.old, changed.new)
        if changed.testDescription.hasPrefix("in a context") {
            // The context has to be open still.
            old = Self.opened(old)
            new = Self.opened(new)
        }
        let (before, after) = (Self.function(old), Self.function(new))
        let test = try await TestEngine(functions: [before, Self.nothing])
        let execution = try await test.engine.start(before)
        await test.advance(by: .minutes(1))
        let recorded = try await execution.history()
        try await test.engine.register(after)
        await test.advance(by: .hours(2))
        let description = try await execution.description()
        #expect(description.status == .running)
        #expect(description.standing.code == .held)
        let mismatch = try #require(description.standing.mismatch)
        #expect(mismatch.recorded?.description == changed.recorded)
        #expect(mismatch.attempted.description == changed.attempted)
        #expect(mismatch.likelyCause == changed.cause)
        #expect(mismatch.agreed.map(\.description) == changed.agreed)
        #expect(mismatch.message.contains(changed.recorded ?? "the history holds no operation"))
        #expect(mismatch.message.contains(changed.attempted))
        // Nothing of what the new code asked for has been recorded.
        let operations = try await execution.history().filter { $0.operation != nil }
        #expect(operations.map(\.operation).dropLast() == recorded.filter { $0.operation != nil }.map(\.operation)[...])
        try await test.engine.register(before)
        #expect(try await execution.result() == "done")
    }

    /// With a long wait at the end of each context.
    private static func opened(_ operations: [Operation]) -> [Operation] {
        operations.map { operation in
            guard case .child(let name, let inside) = operation else { return operation }
            return .child(name, inside + [.longWait])
        }
    }

    @Test func `the message says what was found and what to do`() async throws {
        let test = try await TestEngine(functions: [Self.function([.step("a"), .step("b")])])
        let execution = try await test.engine.start(Self.function([]))
        await test.settle()
        try await test.engine.register(Self.function([.step("a"), .step("c")]))
        await test.advance(by: .hours(1))
        let mismatch = try #require(try await execution.description().standing.mismatch)
        #expect(
            mismatch.message == """
                the history holds Step 'b' at 2, the handler asked for Step 'c' at 2; they agreed up to Step 'a' at 1; the \
                operation looks renamed: run the code that recorded it, put the change behind context.patched(_:), or stop \
                the execution
                """)
        #expect(mismatch.attempted.parentPath == nil)
        #expect("\(mismatch)" == mismatch.message)
    }

    @Test func `a held execution is tried once for each registration, and not by what it waits for`() async throws {
        let calls = Calls()
        let old = DurableFunction("evolve") { (context: DurableContext) in
            try await context.step("old") { _ in }
            _ = try await context.createCallback("answer", of: Int.self)
            try await context.wait("pause", for: .hours(1))
        }
        let new = DurableFunction("evolve") { (context: DurableContext) in
            calls.note("run")
            try await context.step("new") { _ in }
        }
        let test = try await TestEngine(functions: [old])
        let execution = try await test.engine.start(old)
        await test.settle()
        try await test.engine.register(new)
        await test.advance(by: .hours(1))
        #expect(calls.all.count == 1)
        try await test.complete(callback: "answer", of: execution.id, with: 1)
        await test.advance(by: .days(7))
        #expect(calls.all.count == 1)
        try await test.engine.register(new)
        await test.settle()
        #expect(calls.all.count == 2)
        try await test.crash(functions: [new])
        await test.advance(by: .days(7))
        // An opening registers too.
        #expect(calls.all.count == 3)
        let held = try #require(try await test.engine.execution(id: execution.id, of: new))
        #expect(try await held.description().standing.code == .held)
        try await held.stop()
        #expect(try await failure(of: held).status == .stopped)
    }

    @Test func `a function may ask to fail, which no catch prevents`() async throws {
        let old = Self.function([.step("a")])
        let new = DurableFunction("evolve", options: FunctionOptions(onMismatch: .fail)) { (context: DurableContext) in
            do {
                try await context.runInChildContext("group") { _ in }
            } catch {
                try await context.step("after") { _ in }
            }
            return "not noticed"
        }
        let test = try await TestEngine(functions: [old])
        let execution = try await test.engine.start(old)
        await test.settle()
        try await test.engine.register(new)
        let error = try await failure(of: execution)
        #expect(error.status == .failed)
        #expect(error.cause.type == "ReplayError")
        #expect(error.message.contains("the history holds Step 'a' at 1"))
        #expect(try await execution.history().notation == "a.sS a.sOK b.wS INV b.wOK INV(ReplayError) X(F)")
    }

    @Test func `long paths are told apart in every run`() async throws {
        let calls = Calls()
        @Sendable func nest(_ context: DurableContext, _ depth: Int) async throws -> Int {
            guard depth > 0 else {
                try await context.wait(for: .minutes(1))
                return try await context.step { _ in
                    calls.note("deep")
                    return 1
                }
            }
            let inner = try await context.runInChildContext { child in try await nest(child, depth - 1) }
            return try await context.step { _ in inner + 1 }
        }
        let function = DurableFunction("deep") { (context: DurableContext) in try await nest(context, 40) }
        let test = try await TestEngine(functions: [function])
        let started = try await test.engine.start(function)
        await test.settle()
        try await test.crash()
        let execution = try #require(try await test.engine.execution(id: started.id, of: function))
        #expect(try await execution.result() == 41)
        #expect(calls.all == ["deep"])
        let paths = try await execution.history().filter { $0.type.hasSuffix("Started") }.compactMap {
            $0.operation?.path
        }
        #expect(paths.count == 82)
        #expect(Set(paths).count == 82)
        #expect(paths.allSatisfy { $0.utf8.count <= 64 })
    }
}
