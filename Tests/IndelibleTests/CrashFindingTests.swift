import Indelible
import Synchronization
import Testing

@testable import IndelibleTesting

/// What is wrong is found: by `crashEverywhere`, and by each of its rules alone.
@Suite struct CrashFindingTests {
    @Test func `an effect outside of any step is found by every interruption before the end`() async throws {
        let world = CrashEverywhereTests.world(seed: 7) { effects, context in
            effects.note("e-mail")
            try await context.step("charge") { _ in }
            try await context.wait("rest", for: .seconds(1))
            return "sent"
        }
        let undisturbed = try await CrashRun(world, interruptions: []).run()
        #expect(Set(undisturbed.points).count == 7)
        for (index, point) in undisturbed.points.enumerated() {
            for kind in point.interruptions {
                let outcome = try await CrashRun(world, interruptions: [(index, kind)]).run()
                let expected =
                    point == .ended
                    ? [] : ["'e-mail' happened 2 times outside of any step, and 1 undisturbed: make it in a step"]
                #expect(outcome.differences(from: undisturbed) == expected, "\(kind.rawValue) \(point.words)")
            }
        }
    }

    @Test func `an effect outside of any step of an invoked function is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(
                seed: 7,
                others: { effects in
                    [
                        DurableFunction("child") { (context: DurableContext) in
                            effects.note("e-mail")
                            try await context.step("charge") { _ in }
                        }
                    ]
                }
            ) { _ in
                DurableFunction("parent") { (context: DurableContext) in
                    try await context.invoke(FunctionReference<Void, Void>("child"), name: "call")
                }
            }
        }
        #expect(error?.differences.contains { $0.hasPrefix("invocation cancelled") && $0.contains("'e-mail'") } == true)
    }

    @Test func `a body that runs again after its outcome was recorded is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(seed: 7) { effects in
                let attempt = Mutex<ProbedAttempt?>(nil)
                return DurableFunction("again") { (context: DurableContext) in
                    let past = attempt.withLock { $0 }
                    try await context.step("charge") { _ in
                        attempt.withLock { $0 = ProbedAttempt.current }
                        effects.note("charge")
                    }
                    // As an engine would do that runs a finished body at every replay.
                    if past != nil { ProbedAttempt.$current.withValue(past) { effects.note("charge") } }
                    try await context.step("after") { _ in }
                }
            }
        }
        let found = error?.differences.filter { $0.contains("'charge' happened 2 times in attempt 1 of step 'charge'") }
        #expect(found?.contains { $0.contains("which was interrupted 0 times") } == true)
    }

    @Test func `a result that depends on the run is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(seed: 7) { _ in
                DurableFunction("random") { (context: DurableContext) in
                    let number = Int.random(in: 0..<1 << 60)
                    try await context.step("use") { _ in }
                    return number
                }
            }
        }
        #expect(error?.differences.contains { $0.contains("its result is") } == true)
    }

    @Test func `an invoked execution that comes to another end is found`() async throws {
        let error = await #expect(throws: CrashEverywhereError.self) {
            try await crashEverywhere(
                seed: 7,
                others: { _ in
                    [
                        DurableFunction("child") { (context: DurableContext) in
                            let number = Int.random(in: 0..<1 << 60)
                            try await context.step("use") { _ in }
                            return number
                        }
                    ]
                }
            ) { _ in
                DurableFunction("parent") { (context: DurableContext) in
                    _ = try await context.invoke(FunctionReference<Void, Int>("child"), name: "call")
                }
            }
        }
        #expect(error?.differences.contains { $0.contains("in the execution invoked at /1: its result is") } == true)
    }

    // MARK: The rules of effects

    private static func attempt(_ number: Int, isAtMostOnce: Bool) -> ProbedAttempt {
        ProbedAttempt(function: "f", path: "1", name: "charge", number: number, isAtMostOnce: isAtMostOnce)
    }

    private static func effects(_ count: Int, of attempt: ProbedAttempt) -> [Effects.Effect] {
        Array(repeating: Effects.Effect(what: "charge", attempt: attempt), count: count)
    }

    @Test(arguments: [(1, 0, true), (2, 0, false), (2, 1, true), (3, 1, false), (3, 2, true)])
    func `an attempt runs again at most once for each interruption`(count: Int, interruptions: Int, isRight: Bool) {
        let attempt = Self.attempt(1, isAtMostOnce: false)
        let rules = EffectRules(
            undisturbed: Self.effects(1, of: attempt), interruptedAttempts: [attempt: interruptions])
        #expect(rules.violations(in: Self.effects(count, of: attempt)).isEmpty == isRight)
    }

    @Test(arguments: [false, true])
    func `an attempt of a step that runs at most once never runs twice, whatever came of it`(wentAnotherWay: Bool) {
        let (first, second) = (Self.attempt(1, isAtMostOnce: true), Self.attempt(2, isAtMostOnce: true))
        let rules = EffectRules(
            undisturbed: Self.effects(1, of: first), interruptedAttempts: [first: 1], wentAnotherWay: wentAnotherWay)
        #expect(rules.violations(in: Self.effects(1, of: first) + Self.effects(1, of: second)) == [])
        let message = "'charge' happened 2 times in attempt 1 of step 'charge' at 1 of 'f', which runs at most once"
        #expect(rules.violations(in: Self.effects(2, of: first)) == [message])
        #expect(rules.violations(in: Self.effects(1, of: first) + Self.effects(2, of: second)).count == 1)
    }

    @Test func `where a step came to another outcome effects may be missing, and only later steps have others`() {
        let attempt = Self.attempt(1, isAtMostOnce: true)
        var other = Effects.Effect(what: "undo", attempt: attempt)
        let rules = EffectRules(
            undisturbed: Self.effects(1, of: attempt), interruptedAttempts: [:], wentAnotherWay: true,
            laterSteps: [EffectRules.Step(function: "f", path: "2")])
        #expect(rules.violations(in: []) == [])
        #expect(rules.violations(in: [other]) == ["'undo' happened, and does not undisturbed"])
        other.attempt?.path = "2"
        #expect(rules.violations(in: [other]) == [])
    }

    @Test func `a step that runs at most once may end the execution, and not undo what did not happen`() async throws {
        let report = try await crashEverywhere(seed: 7) { effects in
            DurableFunction("once") { (context: DurableContext) in
                try await context.saga { saga in
                    try await saga.step("book") { _ in
                        effects.note("book")
                    } compensation: { _ in
                        effects.note("undo")
                    }
                    try await context.step("pay", retry: .none, semantics: .atMostOncePerRetry) { _ in
                        effects.note("pay")
                    }
                }
            }
        }
        #expect(report.pointCount > 10)
    }
}
