import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct FunctionVersionTests {
    static func function(_ version: Int?) -> DurableFunction<Void, String> {
        DurableFunction("pay", options: FunctionOptions(version: version)) { (context: DurableContext) in
            try await context.step("version \(version ?? 0)") { _ in }
            try await context.wait(for: .hours(1))
            return "\(version ?? 0) as \(context.functionVersion)"
        }
    }
    static let (latest, first, second) = (function(nil), function(1), function(2))

    @Test func `an execution stays with the version it began with`() async throws {
        let test = try await TestEngine(functions: [Self.first])
        let old = try await test.engine.start(Self.first)
        await test.settle()
        try await test.engine.register(Self.second)
        let new = try await test.engine.start(Self.second)
        #expect(try await old.description().functionVersion == "1")
        #expect(try await old.result() == "1 as 1")
        #expect(try await new.result() == "2 as 2")
    }

    @Test func `an execution whose version is gone waits for it`() async throws {
        let test = try await TestEngine(functions: [Self.first])
        let old = try await test.engine.start(Self.first)
        await test.settle()
        try await test.restart(functions: [Self.latest, Self.second])
        await test.advance(by: .hours(2))
        let waiting = try #require(try await test.engine.execution(id: old.id, of: Self.first))
        #expect(try await waiting.description().standing.code == .functionNotRegistered)
        try await test.engine.register(Self.first)
        #expect(try await waiting.result() == "1 as 1")
    }

    @Test(arguments: [([1, 2, 10], nil, "10"), ([1, 2, nil], nil, "$LATEST"), ([2, 10, nil], 2, "2")])
    func `a reference without a version means the latest, or else the greatest, when it is invoked`(
        versions: [Int?], named: Int?, expected: String
    ) async throws {
        let parent = DurableFunction("parent") { (context: DurableContext) in
            try await context.invoke(FunctionReference<Void, String>("pay", version: named), name: "call")
        }
        let test = try await TestEngine(functions: [parent] + versions.map { Self.function($0) as any EngineFunction })
        let execution = try await test.engine.start(parent)
        await test.settle()
        // Later versions do not concern what was invoked before.
        try await test.engine.register(Self.function(99))
        let number = expected == "$LATEST" ? "0" : expected
        #expect(try await execution.result() == "\(number) as \(expected)")
        #expect(try await execution.history().events(of: .started("call")).first?.executedVersion == expected)
    }

    @Test func `one name and version is one function`() async throws {
        let error = await #expect(throws: DurableEngineError.self) {
            try await TestEngine(functions: [Self.first, Self.second, Self.function(1)])
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("'pay'") == true)
    }

    @Test func `names belong to all versions together`() async throws {
        let test = try await TestEngine(functions: [Self.first, Self.second])
        let one = try await test.engine.start(Self.first, name: "one")
        #expect(try await test.engine.start(Self.second, name: "one").id == one.id)
        #expect(try await one.result() == "1 as 1")
    }
}
