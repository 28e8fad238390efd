import Foundation
import Indelible
import IndelibleTesting
import Testing

/// Plugins cannot tell a handler that was kept in memory from one that ran again.
@Suite struct ParkedHooksTests {
    typealias Body = @Sendable (DurableContext) async throws -> Void

    static let handlers: [(String, Body)] = [
        ("waits", { for index in 0..<3 { try await $0.wait("w\(index)", for: .seconds(1)) } }),
        (
            "contexts",
            {
                try await $0.runInChildContext("outer") { context in
                    try await context.step("a") { _ in }
                    try await context.runInChildContext("inner") { context in
                        try await context.wait("w", for: .seconds(1))
                        try await context.step("b", retry: .fixed(delay: .seconds(1))) { step in
                            if step.attempt < 3 { throw Flaky() }
                        }
                    }
                    try await context.wait("v", for: .seconds(1))
                }
            }
        ),
        (
            "virtual",
            {
                try await $0.runInVirtualContext("outer") { context in
                    try await context.wait("w", for: .seconds(1))
                    try await context.step("a") { _ in }
                }
            }
        ),
        (
            "batch",
            {
                _ = try await $0.map("map", [1, 2], maxConcurrency: 1) { item, context in
                    try await context.wait("w\(item)", for: .seconds(1))
                    try await context.step("s\(item)") { _ in }
                }
            }
        ),
        (
            "flat",
            {
                _ = try await $0.map("map", [1], nesting: .flat) { item, context in
                    try await context.wait("w\(item)", for: .seconds(1))
                }
            }
        ),
        (
            "condition",
            {
                _ = try await $0.waitForCondition("poll", from: 0, poll: .until({ $0 == 3 }, every: .seconds(1))) {
                    state, _ in state + 1
                }
            }
        ),
        (
            "invoke",
            {
                _ = try await $0.runInChildContext("outer") {
                    try await $0.invoke(FunctionReference<Int, Int>("twice"), input: 2, name: "call")
                }
            }
        ),
        (
            "callback",
            {
                let callback = try await $0.createCallback("open", of: Int.self, timeout: .seconds(5))
                try await $0.wait("w", for: .seconds(1))
                do { _ = try await callback.result() } catch is CallbackError {}
                try await $0.wait("v", for: .seconds(1))
            }
        ),
        (
            "unread",
            {
                _ = try await $0.createCallback("open", of: Int.self, timeout: .seconds(1))
                try await $0.wait("w", for: .seconds(5))
            }
        ),
        (
            "failure",
            {
                do {
                    try await $0.runInChildContext("outer") { context in
                        try await context.wait("w", for: .seconds(1))
                        throw Flaky()
                    }
                } catch is ChildContextError {}
                try await $0.wait("v", for: .seconds(1))
            }
        ),
    ]

    @Test(arguments: 0..<handlers.count)
    func `hooks are the same with handlers parked and without`(index: Int) async throws {
        let (name, body) = Self.handlers[index]
        var all: [[String]] = []
        for parkedHandlersMax in [0, 64] {
            try await TestEngine.$parkedHandlersMax.withValue(parkedHandlersMax) {
                let recorder = HookRecorder(of: "observed")
                let twice = DurableFunction("twice") { (number: Int, context: DurableContext) in
                    try await context.wait("inside", for: .seconds(1))
                    return number * 2
                }
                let function = DurableFunction("observed") { (context: DurableContext) in try await body(context) }
                let test = try await TestEngine(functions: [function, twice], options: .with(recorder))
                try await test.engine.start(function).result()
                all.append(recorder.lines)
            }
        }
        #expect(all[0] == all[1], "\(name)")
        // Whatever starts ends, once.
        let ended = all[1].filter { $0.hasPrefix("operation-end") }.map { $0.split(separator: " ")[2] }
        #expect(Set(ended).count == ended.count, "\(name)")
    }

    @Test func `a handler that makes room for another has told all it had to tell`() async throws {
        let (recorder, log) = (HookRecorder(), LogRecorder())
        let function = DurableFunction("evicted") { (context: DurableContext) in
            try await context.runInChildContext("outer") { try await $0.wait("w", for: .hours(1)) }
        }
        var options = EngineOptions.with(recorder, log: log)
        options.parkedHandlersMax = 1
        let test = try await TestEngine(functions: [function], options: options)
        let first = try await test.engine.start(function)
        await test.settle()
        let second = try await test.engine.start(function)
        try await first.result()
        try await second.result()
        #expect(recorder.lines("body-end").count { $0.hasSuffix("INCOMPLETE") } == 2)
        #expect(recorder.lines("body-end").count { $0.hasSuffix("SUCCEEDED") } == 2)
        #expect(recorder.lines("operation-end outer").count == 2)
    }
}
