import Indelible
import IndelibleTesting
import Testing

/// What compiles only by force, and is caught at run time before anything is recorded.
@Suite(.bothWays) struct ContextMisuseTests {
    /// Carries a context past the compiler.
    struct Smuggled: @unchecked Sendable {  // Each test uses the context from one task at a time.
        var context: DurableContext
    }

    static func outcome(
        _ handler: @escaping @concurrent @Sendable (DurableContext) async throws -> Void
    ) async throws -> (RecordedError, [HistoryEvent]) {
        let function = DurableFunction("misuse") { (context: DurableContext) in try await handler(context) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        return (try await failure(of: execution).cause, try await execution.history())
    }

    typealias Misuse = @Sendable (DurableContext, Smuggled) async throws -> Void

    static let inside: [(String, Misuse)] = [
        ("Step 'late'", { context, _ in try await context.step("late") { _ in } }),
        ("Wait 'late'", { context, _ in try await context.wait("late", for: .seconds(1)) }),
        ("Callback 'late'", { context, _ in _ = try await context.createCallback("late", of: Int.self) }),
        (
            "ChainedInvoke 'late'",
            { context, _ in
                try await context.invoke(FunctionReference<Void, Void>("f"), name: "late")
            }
        ),
        ("RunInChildContext 'late'", { context, _ in try await context.runInChildContext("late") { _ in } }),
        ("RunInChildContext 'late'", { context, _ in try await context.runInVirtualContext("late") { _ in } }),
        ("WithRetry 'late'", { context, _ in try await context.withRetry("late") { _, _ in } }),
        ("patched(\"late\")", { context, _ in _ = try await context.patched("late") }),
        (
            "Parallel 'late'",
            { context, _ in
                _ = try await context.parallel("late") { DurableBranch { _ in 1 } }
            }
        ),
    ]

    @Test(arguments: 0..<inside.count)
    func `an outer context is busy inside of a child, a virtual context, a branch and a step`(index: Int) async throws {
        let (title, misuse) = Self.inside[index]
        let places: [@Sendable (Smuggled) async throws -> Void] = [
            { outer in
                try await outer.context.runInChildContext { _ in try await misuse(outer.context, outer) }
            },
            { outer in
                try await outer.context.runInVirtualContext { _ in try await misuse(outer.context, outer) }
            },
            { outer in
                try await outer.context.withRetry { _, _ in try await misuse(outer.context, outer) }
            },
            { outer in
                _ = try await outer.context.map("all", [1]) { number, _ in
                    try await misuse(outer.context, outer)
                    return number
                }
            },
            { outer in
                try await outer.context.step { _ in try await misuse(outer.context, outer) }
            },
        ]
        for place in places {
            let (error, history) = try await Self.outcome { try await place(Smuggled(context: $0)) }
            #expect(error.message.hasPrefix("\(title) was called on a context that is in the middle"))
            #expect(history.allSatisfy { $0.operation?.name != "late" })
        }
    }

    @Test(arguments: 0..<inside.count)
    func `an inner context is closed once its body has ended`(index: Int) async throws {
        let (title, misuse) = Self.inside[index]
        final class Keeper: @unchecked Sendable {  // Only one handler uses it, one call after the other.
            var context: Smuggled?
        }
        for isRecorded in [true, false] {
            let (error, history) = try await Self.outcome { context in
                let keeper = Keeper()
                if isRecorded {
                    try await context.runInChildContext { keeper.context = Smuggled(context: $0) }
                } else {
                    try await context.runInVirtualContext { keeper.context = Smuggled(context: $0) }
                }
                if let kept = keeper.context { try await misuse(kept.context, kept) }
            }
            #expect(error.type == "ContextError")
            #expect(error.message.hasPrefix("\(title) was called on a context whose handler or branch has ended"))
            #expect(history.allSatisfy { $0.operation?.name != "late" })
        }
    }

    @Test func `a callback's result is not asked for inside another operation`() async throws {
        let (error, _) = try await Self.outcome { context in
            let callback = try await context.createCallback("answer", of: Int.self)
            _ = try await context.step(retry: .none) { _ in try await callback.result() }
        }
        #expect(
            error.message.hasPrefix("The result of callback 'answer' (1) was called on a context that is in the middle")
        )
    }

    @Test func `a saga of a context that has ended is refused`() async throws {
        final class Keeper: @unchecked Sendable {  // As above.
            var saga: Saga?
        }
        let (error, _) = try await Self.outcome { context in
            let keeper = Keeper()
            try await context.runInVirtualContext { child in
                try await child.saga { saga in keeper.saga = saga }
            }
            try await keeper.saga?.step("late") { _ in
            } compensation: { _ in
            }
        }
        #expect(error.message.hasPrefix("Step 'late' was called on a context whose handler or branch has ended"))
    }

    @Test func `a misuse that is caught leaves the context as it was`() async throws {
        let function = DurableFunction("catch") { (context: DurableContext) in
            var codes: [String] = []
            let smuggled = Smuggled(context: context)
            try await context.runInChildContext { child in
                do {
                    try await smuggled.context.step { _ in }
                } catch let error as ContextError {
                    try await child.step("\(error.code)") { _ in }
                }
            }
            for call in [
                { try await context.wait(for: .seconds(-1)) }, { try await context.step("ü") { _ in } },
            ] as [() async throws -> Void] {
                do { try await call() } catch let error as ContextError { codes.append("\(error.code)") }
            }
            return codes + [try await context.step { _ in "fine" }]
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == ["invalidDuration", "invalidName", "fine"])
        #expect(try await execution.history().notation == "a.cS b.sS b.sOK a.cOK c.sS c.sOK INV X")
        #expect(
            try await execution.history().events(of: .event("StepSucceeded")).map { $0.operation?.path } == [
                "1-1", "2",
            ])
    }
}
