import Indelible
import IndelibleTesting
import Testing

/// A handler for each type of operation, interrupted everywhere.
@Suite(.bothWays) struct CrashEverywhereOperationTests {
    typealias Handler = @Sendable (Effects, DurableContext) async throws -> String

    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var answers: [CallbackAnswer] = []
        var others: @Sendable (Effects) -> [any EngineFunction] = { _ in [] }
        var handler: Handler

        var testDescription: String { name }
    }

    static let cases = operations + waits + batches + compounds

    private static let operations: [Case] = [
        Case(name: "step") { effects, context in
            try await context.step("work", retry: .fixed(delay: .seconds(1))) { step in
                effects.note("work")
                if step.attempt == 1 { throw Flaky() }
                return "done"
            }
        },
        Case(name: "step at most once") { effects, context in
            try await context.step(
                "work", retry: .fixed(delay: .seconds(1)), semantics: .atMostOncePerRetry
            ) { _ in
                effects.note("work")
                return "done"
            }
        },
        Case(name: "step with a timeout") { effects, context in
            try await context.step("work", timeout: .minutes(1)) { _ in
                effects.note("work")
                return "done"
            }
        },
        Case(name: "step that fails") { effects, context in
            do {
                try await context.step("work", retry: .none) { _ in
                    effects.note("work")
                    throw Flaky()
                }
            } catch let error as StepError {
                return "\(error)"
            }
            return "not failed"
        },
    ]

    private static let waits: [Case] = [
        Case(name: "wait") { _, context in
            try await context.wait("rest", for: .hours(3))
            return "rested"
        },
        Case(name: "callback", answers: [.complete("answer", with: "yes")]) { effects, context in
            let callback = try await context.createCallback("answer", of: String.self)
            try await context.step("ask") { _ in effects.note("ask") }
            return try await callback.result()
        },
        Case(name: "answered wait for a callback", answers: [.complete("answer", with: "yes")]) { effects, context in
            try await context.waitForCallback("answer", timeout: .hours(1)) { _, _ in effects.note("ask") }
        },
        Case(name: "callback without a heartbeat") { effects, context in
            do {
                return try await context.waitForCallback(
                    "answer", timeout: .hours(1), heartbeatTimeout: .minutes(1)
                ) { _, _ in effects.note("ask") }
            } catch let error as CallbackError {
                return "\(error.code)"
            }
        },
        Case(name: "callback that fails", answers: [.fail("answer", with: Flaky())]) { effects, context in
            do {
                return try await context.waitForCallback("answer") { _, _ in effects.note("ask") }
            } catch let error as CallbackError {
                return "\(error)"
            }
        },
        Case(name: "callback that times out") { effects, context in
            do {
                return try await context.waitForCallback("answer", timeout: .hours(1)) { _, _ in effects.note("ask") }
            } catch let error as CallbackError {
                return "\(error.code)"
            }
        },
        Case(
            name: "invoke",
            others: { effects in
                [
                    DurableFunction("child") { (word: String, context: DurableContext) in
                        try await context.wait("child's rest", for: .seconds(5))
                        return try await context.step("child's work") { _ in
                            effects.note("child's work")
                            return word.uppercased()
                        }
                    }, PlainFunction("plain") { (word: String) in word + "!" },
                ]
            }
        ) { _, context in
            let child = FunctionReference<String, String>("child")
            let word = try await context.invoke(child, input: "hello", name: "call")
            return try await context.invoke(FunctionReference<String, String>("plain"), input: word)
        },
        Case(name: "condition") { effects, context in
            let count = try await context.waitForCondition(
                "counted", from: 0, poll: .until({ $0 == 3 }, every: .seconds(10))
            ) { count, _ in
                effects.note("check \(count)")
                return count + 1
            }
            return "\(count)"
        },
        Case(name: "child context") { effects, context in
            try await context.runInChildContext("group") { child in
                let one = try await child.step("one") { _ in
                    effects.note("one")
                    return 1
                }
                try await child.wait("between", for: .seconds(1))
                let two = try await child.step("two") { _ in
                    effects.note("two")
                    return 2
                }
                return "\(one + two)"
            }
        },
        Case(name: "virtual context and patch") { effects, context in
            let isNew = try await context.patched("new way")
            let value = try await context.runInVirtualContext("group") { child in
                try await child.step("inside") { _ in
                    effects.note("inside")
                    return 3
                }
            }
            return "\(isNew) \(value) \(context.uuid()) \(Int.random(in: 0..<100, using: &context.random))"
        },
    ]

    private static let batches: [Case] = [
        Case(name: "map") { effects, context in
            let batch = try await context.map("all", [1, 2], maxConcurrency: 2) { number, context in
                try await context.step("work \(number)") { _ in effects.note("work \(number)") }
                try await context.wait("rest \(number)", for: .seconds(number))
                return number * 2
            }
            return "\(try batch.throwIfError().results)"
        },
        Case(name: "flat parallel") { effects, context in
            let batch = try await context.parallel("both", completion: .allCompleted, nesting: .flat) {
                DurableBranch("good") { context in
                    try await context.step("good") { _ in
                        effects.note("good")
                        return "good"
                    }
                }
                DurableBranch("bad") { context in
                    try await context.step("bad", retry: .none) { _ in
                        effects.note("bad")
                        throw Flaky()
                    }
                    return "never"
                }
            }
            return "\(batch.results) \(batch.errors.map(\.message))"
        },
        Case(name: "flat map") { effects, context in
            let batch = try await context.map("all", ["a", "b"], nesting: .flat) { item, context in
                try await context.step("work") { _ in effects.note("work \(item)") }
                return item.uppercased()
            }
            return "\(try batch.throwIfError().results)"
        },
        Case(name: "first success") { effects, context in
            let batch = try await context.parallel("any", maxConcurrency: 1, completion: .firstSuccessful) {
                DurableBranch("bad") { context in
                    try await context.step("bad", retry: .none) { _ in
                        effects.note("bad")
                        throw Flaky()
                    }
                    return "never"
                }
                DurableBranch("good") { context in
                    try await context.step("good") { _ in
                        effects.note("good")
                        return "good"
                    }
                }
                DurableBranch("late") { context in
                    try await context.step("late") { _ in effects.note("late") }
                    return "late"
                }
            }
            return "\(batch.results) \(batch.errors.map(\.message))"
        },
        Case(name: "tuple of branches") { effects, context in
            let (word, number) = try await context.parallel(
                "both",
                DurableBranch("word") { context in
                    try await context.step { _ in
                        effects.note("word")
                        return "word"
                    }
                },
                DurableBranch("number") { context in
                    try await context.wait(for: .seconds(1))
                    return 7
                })
            return "\(word) \(number)"
        },
        Case(name: "branches in a branch") { effects, context in
            let batch = try await context.parallel("outer") {
                DurableBranch("inner") { context in
                    let batch = try await context.map("inner", [1, 2]) { number, context in
                        try await context.step { _ in effects.note("inner \(number)") }
                        return number
                    }
                    return "\(batch.results)"
                }
                DurableBranch("beside") { _ in "beside" }
            }
            return "\(batch.results)"
        },
        Case(name: "results too large for one event") { effects, context in
            let batch = try await context.map("all", [1, 2], maxConcurrency: 1) { number, context in
                try await context.step { _ in effects.note("fill \(number)") }
                return String(repeating: String(number), count: 150_000)
            }
            return "\(try batch.throwIfError().results.map(\.count))"
        },
    ]

    private static let compounds: [Case] = [
        Case(name: "with retry") { effects, context in
            try await context.withRetry("twice", retry: .fixed(delay: .seconds(2))) { attempt, context in
                try await context.step("part") { _ in effects.note("part \(attempt)") }
                if attempt == 1 { throw Flaky() }
                return "attempt \(attempt)"
            }
        },
        Case(name: "saga") { effects, context in
            do {
                return try await context.saga { saga in
                    _ = try await saga.step("flight") { _ in
                        effects.note("book flight")
                        return "F1"
                    } compensation: { flight, _ in
                        effects.note("cancel \(flight)")
                    }
                    try await context.wait("a while", for: .seconds(30))
                    _ = try await saga.step("hotel", retry: .none) { _ -> String in
                        effects.note("no room")
                        throw Flaky()
                    } compensation: { _, _ in
                        effects.note("never")
                    }
                    return "booked"
                }
            } catch let error as StepError {
                return "undone after \(error)"
            }
        },
    ]

    @Test(arguments: cases)
    func `comes to the same result, effects and history`(operation: Case) async throws {
        let report = try await crashEverywhere(
            seed: 11, answers: operation.answers, others: operation.others
        ) { effects in
            DurableFunction("handler") { (context: DurableContext) in try await operation.handler(effects, context) }
        }
        #expect(report.pointCount > 0)
    }

    @Test func `comes to the same large result`() async throws {
        // As bytes: JSON of this length takes most of the time.
        try await crashEverywhere(seed: 11) { effects in
            DurableFunction("handler", options: FunctionOptions(serdes: .bytes)) { (context: DurableContext) in
                try await context.step { _ in effects.note("fill") }
                return [UInt8](repeating: 7, count: 300_000)
            }
        }
    }
}
