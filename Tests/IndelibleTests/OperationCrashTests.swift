import Indelible
import IndelibleTesting
import Testing

/// Operations inside and after each other, interrupted everywhere: what their own suites do not combine.
@Suite(.bothWays) struct OperationCrashTests {
    typealias Handler = @Sendable (Effects, DurableContext) async throws -> String

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var others: @Sendable (Effects) -> [any EngineFunction] = { _ in [] }
        var handler: Handler
    }

    static let cases: [Case] = [
        Case(
            testDescription: "an invoke that fails, tried again by a retried context",
            others: { effects in
                [
                    DurableFunction("child") { (attempt: Int, context: DurableContext) in
                        try await context.step("work \(attempt)", retry: .fixed(maxAttempts: 2, delay: .seconds(1))) {
                            step in
                            effects.note("work \(attempt), \(step.attempt)")
                            if attempt == 1 { throw Declined(code: step.attempt) }
                        }
                        return attempt
                    }
                ]
            }
        ) { _, context in
            let attempt = try await context.withRetry("call", retry: .fixed(delay: .minutes(1))) { attempt, context in
                try await context.invoke(
                    FunctionReference<Int, Int>("child"), input: attempt, name: "invoke \(attempt)")
            }
            return "\(attempt)"
        },
        Case(
            testDescription: "invokes three deep, the last one plain, with timeouts",
            others: { effects in
                [
                    DurableFunction("middle") { (word: String, context: DurableContext) in
                        let plain = FunctionReference<String, String>("plain")
                        return try await context.runInChildContext { child in try await child.invoke(plain, input: word)
                        }
                    },
                    PlainFunction("plain") { (word: String) in word + "!" },
                    DurableFunction("slow") { (context: DurableContext) in
                        try await context.wait("too long", for: .days(1))
                    },
                ]
            }
        ) { effects, context in
            let word = try await context.invoke(
                FunctionReference<String, String>("middle"), input: "hello", name: "deep")
            do {
                try await context.invoke(FunctionReference<Void, Void>("slow"), name: "slow", timeout: .minutes(5))
            } catch let error as InvokeError {
                try await context.step("give up") { _ in effects.note("\(error.code)") }
            }
            return word
        },
        Case(testDescription: "contexts without a record, around each other and empty") { effects, context in
            try await context.runInVirtualContext { outer in
                try await outer.runInVirtualContext { _ in }
                let result = try await outer.withRetry("again", retry: .fixed(delay: .minutes(1)), isRecorded: false) {
                    attempt, inner in
                    try await inner.step("one") { _ in effects.note("one \(attempt)") }
                    if attempt < 3 { throw Flaky() }
                    return attempt
                }
                try await outer.wait("rest", for: .minutes(1))
                let isNew = try await outer.patched("later")
                return "\(result) \(isNew) \(outer.uuid())"
            }
        },
        Case(testDescription: "a result that is made again, with a failure inside") { effects, context in
            let bytes = try await context.runInChildContext("large", serdes: .bytes) { child in
                do {
                    try await child.step("doomed", retry: .none) { _ in
                        effects.note("doomed")
                        throw Declined(code: 3)
                    }
                } catch let error as StepError {
                    try await child.wait("rest", for: .minutes(1))
                    return [UInt8](repeating: UInt8(error.cause.decoded(as: Declined.self)?.code ?? 0), count: 300_000)
                }
                return []
            }
            try await context.step("after") { _ in effects.note("after") }
            return "\(bytes.count) \(bytes.first ?? 0)"
        },
        Case(testDescription: "fatal errors, caught outside of their contexts") { effects, context in
            do {
                try await context.runInChildContext("open") { child in
                    try await child.step("broken") { _ in
                        effects.note("broken")
                        throw FatalError("no configuration")
                    }
                }
            } catch let error as FatalError {
                try await context.wait("rest", for: .minutes(1))
                return try await context.step("report") { _ in
                    effects.note("report")
                    return error.message
                }
            }
            return "not fatal"
        },
        Case(testDescription: "a condition that gives up in a child") { effects, context in
            do {
                return try await context.runInChildContext("child") { child in
                    let poll = PollPolicy<Int>.until(
                        { $0 > 100 }, maxAttempts: 3, initialDelay: .seconds(10), jitter: .half)
                    let state = try await child.waitForCondition("never", from: 0, poll: poll) { state, _ in
                        effects.note("check \(state)")
                        return state + 1
                    }
                    return "\(state)"
                }
            } catch let error as ChildContextError {
                return error.message
            }
        },
    ]

    @Test(arguments: cases)
    func `come to the same result, effects and history`(operations: Case) async throws {
        let report = try await crashEverywhere(seed: 13, others: operations.others) { effects in
            DurableFunction("handler") { (context: DurableContext) in try await operations.handler(effects, context) }
        }
        #expect(report.pointCount > 0)
    }
}
