import Indelible
import IndelibleTesting
import Testing

/// Years pass: histories become summaries, summaries nothing, and what is held stays.
@Suite(.bothWays) struct RetentionPolicyTests {
    static let policy = RetentionPolicy(
        succeeded: .history(for: .days(30), thenSummaryFor: .days(335)),
        otherwise: .history(for: .days(365), thenSummaryFor: nil))

    /// Fails on a negative number.
    static func function(_ policy: RetentionPolicy = policy) -> DurableFunction<Int, Int> {
        DurableFunction("work", options: FunctionOptions(retention: policy)) {
            (number: Int, context: DurableContext) in
            try await context.step("double") { _ in
                guard number >= 0 else { throw FatalError("negative") }
                return number * 2
            }
        }
    }

    private static func code(_ ask: () async throws -> Void) async -> DurableEngineError? {
        await #expect(throws: DurableEngineError.self) { try await ask() }
    }

    @Test(arguments: [true, false])
    func `a history becomes a summary, and the summary nothing, as was promised at the start`(isCrashed: Bool)
        async throws
    {
        let function = Self.function()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: 4, name: "one")
        #expect(try await execution.result() == 8)
        let full = try await execution.history()
        await test.advance(by: .days(30) - .seconds(1))
        #expect(try await execution.history() == full)
        if isCrashed { try await test.crash(functions: [Self.function(.forever)]) }
        await test.advance(by: .seconds(1))
        if isCrashed { try await test.crash() }

        let found = try #require(try await test.engine.execution(id: execution.id, of: function))
        #expect(try await found.result() == 8)
        let description = try await found.description()
        let trimTime = try #require(description.historyTrimTime)
        #expect(description.retention == Self.policy)
        #expect(description.input == Array("4".utf8) && description.result == Array("8".utf8))
        let left = try await found.history()
        #expect(left.map(\.type) == ["HistoryTrimmed", "ExecutionStarted", "ExecutionSucceeded"])
        #expect(left.map(\.id) == [0, 1, full.count], "the ids that they had")
        #expect(left.dropFirst().elementsEqual([full[0], full[full.count - 1]]))
        #expect(left[0].time == trimTime)
        // Its name is still its own.
        #expect(try await test.engine.start(function, input: 4, name: "one").id == execution.id)
        #expect(
            await Self.code { _ = try await test.engine.start(function, input: 5, name: "one") }?.code == .nameTaken)

        await test.advance(by: .days(335))
        #expect(try await test.engine.executions().isEmpty)
        #expect(await Self.code { _ = try await found.history() }?.code == .notFound)
        #expect(try await test.engine.start(function, input: 5, name: "one").id != execution.id)
    }

    @Test func `how an execution ended says for how long it is kept`() async throws {
        let function = Self.function()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: -1)
        await #expect(throws: ExecutionError.self) { try await execution.result() }
        let full = try await execution.history()
        await test.advance(by: .days(364))
        #expect(try await execution.history() == full)
        await test.advance(by: .days(1))
        #expect(try await execution.history().map(\.type) == ["HistoryTrimmed", "ExecutionStarted", "ExecutionFailed"])
        await test.advance(by: .days(36_500))
        #expect(try await execution.description().status == .failed)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error != nil)
    }

    @Test(arguments: [true, false])
    func `what is held is kept whole, by each hold for itself`(isCrashed: Bool) async throws {
        let function = Self.function()
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: 4)
        #expect(try await execution.result() == 8)
        let full = try await execution.history()
        try await test.engine.hold(execution.id, as: "case-4711", reason: "fraud")
        try await test.engine.hold(execution.id, as: "audit")
        if isCrashed { try await test.crash() }
        await test.advance(by: .days(10_000))
        #expect(try await test.engine.history(of: execution.id) == full)
        let found = try #require(try await test.engine.execution(id: execution.id, of: function))
        let holds = try await found.description().holds
        #expect(holds.map(\.name) == ["case-4711", "audit"] && holds.map(\.reason) == ["fraud", nil])
        let refused = await Self.code { try await test.engine.delete(execution.id) }
        #expect(refused?.code == .conflict)
        #expect(refused?.message.contains("held by 'case-4711' (fraud), 'audit'") ?? false)
        try await test.engine.release(execution.id, from: "case-4711", reason: "settled")
        if isCrashed { try await test.crash() }
        await test.advance(by: .days(1))
        #expect(try await test.engine.history(of: execution.id) == full)
        #expect(await Self.code { try await test.engine.release(execution.id, from: "case-4711") }?.code == .conflict)
        try await test.engine.release(execution.id, from: "audit")
        await test.advance(by: .zero)
        #expect(try await test.engine.executions().isEmpty)
    }

    @Test func `a hold on a running execution is kept for its end, and refused for what there is none`() async throws {
        let function = RetentionTests.function(retention: .seconds(1))
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function, input: 1)
        try await test.engine.hold(execution.id, as: "case-1")
        await test.advance(by: .days(1))
        #expect(try await execution.description().status == .succeeded)
        try await test.engine.release(execution.id, from: "case-1")
        await test.advance(by: .zero)
        #expect(await Self.code { try await test.engine.hold(execution.id, as: "case-1") }?.code == .notFound)
        #expect(await Self.code { try await test.engine.hold("nothing", as: "case-1") }?.code == .notFound)
        let other = try await test.engine.start(function, input: 2)
        #expect(await Self.code { try await test.engine.hold(other.id, as: "no name") }?.code == .invalidArgument)
    }

    @Test func `a period is as long as it says`() {
        #expect(RetentionPolicy(.history(for: .days(1))) == FunctionOptions(retention: .days(1)).retention)
        #expect(FunctionOptions().retention == .forever)
        let inferred = FunctionOptions(
            retention: .init(succeeded: .history(for: .days(1), thenSummaryFor: .days(2)), otherwise: .forever))
        #expect(inferred.retention.otherwise == .forever && inferred.retention.succeeded != .history(for: .days(1)))
    }
}
