import Indelible
import IndelibleTesting
import Testing

/// Recorded values that are none of the type that the handler asks for: as when the type has changed since.
///
/// They say something about the code, not about the work: no operation that has ended changes by them, and none is tried
/// again. A batch under way ends by them, as by everything fatal.
@Suite(.bothWays) struct UndecodableRecordTests {
    /// Writes a text and reads a number, so that no value of it survives its record.
    struct OneWay: Codable, Sendable {
        init() {}

        init(from decoder: any Decoder) throws {
            _ = try decoder.singleValueContainer().decode(Int.self)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode("text")
        }
    }

    typealias Value = Codable & SendableMetatype & Sendable

    enum Place: String, CaseIterable, CustomTestStringConvertible {
        case step, child, retried, item, flatItem, branch, condition, invoke

        var testDescription: String { rawValue }

        /// An operation whose record is to be `value`.
        func run<V: Value>(_ context: DurableContext, _ value: V) async throws {
            switch self {
            case .step: _ = try await context.step("read") { _ in value }
            case .child:
                _ = try await context.runInChildContext("read") { child in
                    try await child.step("inside") { _ in }
                    return value
                }
            case .retried: _ = try await context.withRetry("read", retry: .fixed(delay: .seconds(1))) { _, _ in value }
            case .item: _ = try await context.map("read", [1], completion: .allCompleted) { _, _ in value }
            case .flatItem:
                _ = try await context.map("read", [1], completion: .allCompleted, nesting: .flat) { _, _ in value }
            case .branch:
                _ = try await context.parallel(
                    "read", maxConcurrency: 1, DurableBranch { _ in value }, DurableBranch { _ in 1 })
            case .condition:
                _ = try await context.waitForCondition(
                    "read", from: value, poll: .until({ _ in true }, every: .hours(1))
                ) { _, _ in value }
            case .invoke: _ = try await context.invoke(FunctionReference<Void, V>("texts"), name: "read")
            }
        }

        /// Whether the value is read back before it is recorded.
        var isCheckedFirst: Bool { self == .step || self == .condition }

        /// What the history holds of the operation where its value cannot be read back.
        var written: String {
            switch self {
            case .item: "a.cS b.cS b.cOK a.cF"
            // Only the batch has a record.
            case .flatItem: "a.cS a.cF"
            default: recorded
            }
        }

        /// What it holds where the value could be read when it was recorded.
        var recorded: String {
            switch self {
            case .step, .condition: "a.sS a.sOK"
            case .child: "a.cS b.sS b.sOK a.cOK"
            case .retried, .flatItem: "a.cS a.cOK"
            case .item: "a.cS b.cS b.cOK a.cOK"
            case .branch: "a.cS b.cS b.cOK c.cS c.cOK a.cOK"
            case .invoke: "a.iS a.iOK"
            }
        }
    }

    /// Returns what ``OneWay`` writes.
    static let texts = DurableFunction("texts") { (_: DurableContext) in "text" }

    /// Notes what is thrown, on every run; then it goes on, or does not.
    static func reading(
        _ seen: Calls, catches: Bool, _ run: @escaping @Sendable (DurableContext) async throws -> Void
    ) -> DurableFunction<Void, String> {
        DurableFunction("read") { (context: DurableContext) in
            var answer = "read"
            do { try await run(context) } catch let error as SerdesError {
                seen.note(error.message)
                guard catches else { throw error }
                answer = "\(error.code)"
            }
            try await context.wait("after", for: .hours(2))
            return answer
        }
    }

    /// Expects that every run was told the same, and that no operation has failed by it but a batch.
    static func expectUnharmed(
        _ execution: ExecutionHandle<String>, _ seen: Calls, catches: Bool, _ notation: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let history = { try await execution.history() }
        if catches {
            #expect(try await execution.result() == "decodingFailed", sourceLocation: sourceLocation)
        } else {
            let error = try await failure(of: execution, sourceLocation: sourceLocation)
            #expect(error.status == .failed, sourceLocation: sourceLocation)
            #expect(error.cause.type == "SerdesError", sourceLocation: sourceLocation)
            #expect(error.cause.message == seen.all.last, sourceLocation: sourceLocation)
            #expect(try await history().last?.error == error.cause, sourceLocation: sourceLocation)
        }
        let events = try await history().filter { $0.operation != nil && $0.operation?.name != "after" }
        #expect(events.notation == notation, sourceLocation: sourceLocation)
        for event in events where event.error != nil {
            #expect(event.operation?.kind == "Map", sourceLocation: sourceLocation)
            #expect(event.error?.type == "SerdesError", sourceLocation: sourceLocation)
            #expect(event.error?.message == seen.all.last, sourceLocation: sourceLocation)
        }
        #expect(Set(seen.all).count == 1, sourceLocation: sourceLocation)
        #expect(seen.all.first?.hasPrefix("cannot decode the ") == true, sourceLocation: sourceLocation)
    }

    @Test(arguments: Place.allCases.filter { !$0.isCheckedFirst }, [true, false])
    func `a value that its type cannot read back is told on every run, and fails no operation but its batch`(
        place: Place, catches: Bool
    ) async throws {
        let seen = Calls()
        let function = Self.reading(seen, catches: catches) { try await place.run($0, OneWay()) }
        let test = try await TestEngine(functions: [function, Self.texts])
        let id = try await test.engine.start(function).id
        await test.settle()
        #expect(!seen.all.isEmpty)
        try await test.crash()
        let execution = try #require(try await test.engine.execution(id: id, of: function))
        try await Self.expectUnharmed(execution, seen, catches: catches, place.written)
    }

    @Test func `a value of a step or a condition that its type cannot read back is refused before it is recorded`()
        async throws
    {
        let calls = Calls()
        let function = DurableFunction("read") { (context: DurableContext) in
            do {
                _ = try await context.step("one") { _ in
                    calls.note("step")
                    return OneWay()
                }
            } catch let error as SerdesError {
                calls.note("\(error.code)")
            }
            _ = try await context.waitForCondition(from: OneWay(), poll: .until { _ in true }) { state, _ in state }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = try await failure(of: execution)
        #expect(error.cause.type == "SerdesError")
        // Another attempt would change nothing.
        #expect(calls.all == ["step", "decodingFailed"])
        let history = try await execution.history()
        #expect(history.operations == "a.sS a.sF b.sS b.sF X(F)")
        let errors = history.filter { $0.type == "StepFailed" }.compactMap(\.error)
        #expect(errors.map(\.type) == ["SerdesError", "SerdesError"])
        #expect(errors.last?.message == error.message)
    }

    @Test(arguments: Place.allCases, [true, false])
    func `a value of another type than was recorded is told on the replay, and fails no operation`(
        place: Place, catches: Bool
    ) async throws {
        let seen = Calls()
        let before = Self.reading(seen, catches: catches) { try await place.run($0, "text") }
        let after = Self.reading(seen, catches: catches) { try await place.run($0, 1) }
        let test = try await TestEngine(functions: [before, Self.texts])
        let id = try await test.engine.start(before).id
        await test.settle()
        #expect(seen.all.isEmpty)
        try await test.crash(functions: [after, Self.texts])
        let execution = try #require(try await test.engine.execution(id: id, of: after))
        try await Self.expectUnharmed(execution, seen, catches: catches, place.recorded)
    }
}
