import Foundation
import Indelible
import IndelibleTesting
import LogStorage
import Testing

/// Each hook of the reference's table, and when it fires.
@Suite(.bothWays) struct HookTimingTests {
    /// Runs a function under a recorder and gives what it noted. User code notes "user …" in the same list.
    static func run(
        _ calls: Calls, _ body: @escaping @concurrent @Sendable (DurableContext) async throws -> Void
    ) async throws -> (HookRecorder, TestEngine, ExecutionHandle<Void>) {
        let recorder = HookRecorder(to: calls)
        let function = DurableFunction("observed") { (context: DurableContext) in try await body(context) }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        let execution = try await test.engine.start(function, name: "one", tenantID: "t-1", traceHeader: "trace")
        try? await execution.result()
        return (recorder, test, execution)
    }

    @Test func `an invocation starts before user code, and knows what it is about`() async throws {
        let calls = Calls()
        let (recorder, test, execution) = try await Self.run(calls) { context in
            calls.note("user")
            try await context.wait(for: .hours(1))
        }
        #expect(calls.all.prefix(2) == ["invocation-start first=true", "user"])
        let (first, second) = (recorder.seen.invocations[0], recorder.seen.invocations[1])
        #expect(first.isFirst && !second.isFirst)
        #expect(first.requestID != second.requestID)
        #expect(second.startTime.timeIntervalSince(first.startTime) == 3_600)
        #expect(first.updatedOperations.isEmpty)
        #expect(second.updatedOperations.map(\.id) == ["1"])
        #expect(second.updatedOperations.first?.status == "SUCCEEDED")
        for invocation in [first, second] {
            #expect(invocation.executionID == execution.id)
            #expect(invocation.executionName == "one" && invocation.functionName == "observed")
            #expect(invocation.executionARN.hasSuffix("/one/\(execution.id)"))
            #expect(invocation.tenantID == "t-1" && invocation.traceHeader == "trace")
            #expect(invocation.functionVersion == "$LATEST")
            #expect(invocation.executionStartTime == first.startTime)
        }
        #expect(test.now == second.startTime)
    }

    @Test func `an invocation knows the input, as it was recorded`() async throws {
        let recorder = HookRecorder()
        let function = DurableFunction("input") { (text: String, context: DurableContext) in
            try await context.wait(for: .hours(1))
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        try await test.engine.start(function, input: "hi").result()
        #expect(recorder.seen.invocations.map(\.input) == [Array(#""hi""#.utf8), Array(#""hi""#.utf8)])
    }

    static let outcomes: [(String, ReplayMismatch, [String])] = [
        ("returns", .hold, ["SUCCEEDED"]), ("throws", .hold, ["FAILED Flaky"]),
        ("waits", .hold, ["PENDING", "SUCCEEDED"]), ("crashes", .hold, ["RETRY SerdesError", "SUCCEEDED"]),
    ]

    @Test(arguments: 0..<outcomes.count)
    func `an invocation ends with what it came to, and why`(index: Int) async throws {
        let (kind, _, expected) = Self.outcomes[index]
        let calls = Calls()
        let (recorder, _, _) = try await Self.run(calls) { context in
            switch kind {
            case "throws": throw Flaky()
            case "waits": try await context.wait(for: .hours(1))
            case "crashes":
                let isFirst = calls.all.count == 1
                calls.note("user")
                if isFirst { throw SerdesError(.unavailable, message: "later") }
            default: break
            }
        }
        let ends = zip(recorder.lines("invocation-end"), recorder.seen.errors).map { line, error in
            "\(line.dropFirst("invocation-end ".count))" + (error.map { " \($0.type)" } ?? "")
        }
        #expect(ends == expected)
    }

    @Test(arguments: [(ReplayMismatch.hold, "RETRY"), (.fail, "FAILED")])
    func `a replay that disagrees ends as the function says`(mismatch: ReplayMismatch, outcome: String) async throws {
        let recorder = HookRecorder()
        let options = FunctionOptions(onMismatch: mismatch)
        let old = DurableFunction("evolve", options: options) { (context: DurableContext) in
            try await context.step("reserve") { _ in }
            try await context.wait(for: .hours(1))
        }
        let new = DurableFunction("evolve", options: options) { (context: DurableContext) in
            try await context.step("book") { _ in }
        }
        let test = try await TestEngine(functions: [old], options: .with(recorder))
        _ = try await test.engine.start(old)
        await test.settle()
        try await test.restart(functions: [new])
        await test.advance(by: .hours(2))
        #expect(recorder.lines.last == "invocation-end \(outcome)")
        #expect(recorder.seen.errors.last != .some(nil))
    }

    @Test func `an invocation ends when everything it recorded is durable`() async throws {
        let (disk, counts) = (DiskOfEngine(), Calls())
        let recorder = HookRecorder { hook in
            guard hook == "invocation-end" || hook == "operation-end" else { return }
            counts.note("\(disk.commitCount)")
        }
        let function = DurableFunction("sync") { (context: DurableContext) in try await context.step { _ in } }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        try disk.attach(test, making: "values")
        let before = disk.commitCount
        try await test.engine.start(function).result()
        // The start's commit and the step's come before the step's end; nothing is left to commit before the invocation's.
        #expect(counts.all == ["\(before + 2)", "\(before + 2)"])
        #expect(disk.commitCount > before + 2)
    }

    @Test func `a body ends, its outcome is recorded, the operation ends, and then user code goes on`() async throws {
        let (disk, calls) = (DiskOfEngine(), Calls())
        let recorder = HookRecorder(to: calls) { hook in
            if hook.hasPrefix("body") || hook == "operation-end" || hook == "operation-start" {
                calls.note("commits: \(disk.commitCount)")
            }
        }
        let function = DurableFunction("order") { (context: DurableContext) in
            try await context.step("a") { _ in calls.note("user body") }
            calls.note("user on")
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        try disk.attach(test, making: "values")
        let before = disk.commitCount + 1
        try await test.engine.start(function).result()
        #expect(
            calls.all.filter { !$0.hasPrefix("changed a 1 STARTED") } == [
                "invocation-start first=true",
                "operation-start a 1 STARTED", "commits: \(before)",
                "body-start a 1 n=1", "commits: \(before)", "user body",
                "body-end a 1 n=1 SUCCEEDED", "commits: \(before)",
                "changed a 1 SUCCEEDED",
                "operation-end a 1 SUCCEEDED", "commits: \(before + 1)", "user on",
                "invocation-end SUCCEEDED",
            ])
    }

    @Test func `an operation starts before it is recorded, and again in each invocation that finds it open`()
        async throws
    {
        let calls = Calls()
        let (recorder, _, _) = try await Self.run(calls) { context in
            try await context.runInChildContext("outer") { context in
                try await context.step("done") { _ in }
                try await context.wait("one", for: .hours(1))
                try await context.wait("two", for: .hours(1))
            }
        }
        #expect(
            recorder.lines("operation-start", "invocation-start") == [
                "invocation-start first=true", "operation-start outer 1 STARTED",
                "operation-start done 1-1 STARTED", "operation-start one 1-2 STARTED",
                "invocation-start first=false", "operation-start outer 1 STARTED replayed",
                "operation-start two 1-3 STARTED",
                "invocation-start first=false", "operation-start outer 1 STARTED replayed",
            ])
    }

    @Test func `what ends while the execution is suspended ends once, in the invocation that sees it`() async throws {
        let calls = Calls()
        let (recorder, _, _) = try await Self.run(calls) { context in
            try await context.wait("one", for: .hours(1))
            calls.note("user one")
            try await context.wait("two", for: .hours(1))
            calls.note("user two")
        }
        #expect(
            recorder.lines("operation-end") == [
                "operation-end one 1 SUCCEEDED replayed", "operation-end two 2 SUCCEEDED replayed",
            ])
        let order = recorder.lines("operation-end", "user two", "invocation")
        #expect(order.suffix(4).first == "invocation-start first=false")
        #expect(order.suffix(3) == ["operation-end two 2 SUCCEEDED replayed", "user two", "invocation-end SUCCEEDED"])
        let ended = recorder.seen.ended
        #expect(ended.map { $0.endTime?.timeIntervalSince($0.startTime ?? .distantPast) } == [3_600, 3_600])
    }

    @Test func `an attempt that fails is told with its number, and the change that its retry makes`() async throws {
        let calls = Calls()
        let (recorder, _, _) = try await Self.run(calls) { context in
            try await context.step("flaky", retry: .fixed(maxAttempts: 3, delay: .seconds(5))) { step in
                if step.attempt < 3 { throw Flaky() }
            }
        }
        #expect(
            recorder.lines("body", "operation-end") == [
                "body-start flaky 1 n=1", "body-end flaky 1 n=1 FAILED Flaky",
                "body-start flaky 1 n=2 replayed", "body-end flaky 1 n=2 FAILED Flaky",
                "body-start flaky 1 n=3 replayed", "body-end flaky 1 n=3 SUCCEEDED",
                "operation-end flaky 1 SUCCEEDED replayed",
            ])
        #expect(recorder.lines("changed").count { $0.contains("flaky 1 PENDING") } == 2)
        #expect(
            recorder.lines("operation-start") == [
                "operation-start flaky 1 STARTED", "operation-start flaky 1 READY replayed",
                "operation-start flaky 1 READY replayed",
            ])
    }

    @Test func `a body that is suspended is incomplete, and begins anew`() async throws {
        let calls = Calls()
        let (recorder, _, _) = try await Self.run(calls) { context in
            try await context.runInChildContext("outer") { context in
                try await context.runInChildContext("inner") { try await $0.wait(for: .hours(1)) }
            }
        }
        #expect(
            recorder.lines("body", "invocation-end") == [
                "body-start outer 1 n=1", "body-start inner 1-1 n=1",
                "body-end inner 1-1 n=1 INCOMPLETE", "body-end outer 1 n=1 INCOMPLETE", "invocation-end PENDING",
                "body-start outer 1 n=1 replayed", "body-start inner 1-1 n=1 replayed",
                "body-end inner 1-1 n=1 SUCCEEDED", "body-end outer 1 n=1 SUCCEEDED", "invocation-end SUCCEEDED",
            ])
    }

    @Test func `the header of a chained invoke is asked for once, before it is recorded`() async throws {
        let calls = Calls()
        let recorder = HookRecorder(to: calls)
        let child = DurableFunction("child") { (context: DurableContext) in try await context.wait(for: .hours(1)) }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            try await context.invoke(FunctionReference<Int?, Int?>("child"), input: nil, name: "call")
        }
        let test = try await TestEngine(functions: [child, parent], options: .with(recorder))
        _ = try await test.engine.start(parent).result()
        #expect(recorder.lines("trace-header") == ["trace-header call 1"])
        #expect(recorder.lines("operation-start call", "trace", "operation-end call").count == 3)
    }
}

extension DiskOfEngine {
    /// How often the log has made what it wrote durable.
    var commitCount: Int {
        // Not when it prepares a segment ahead.
        disk.operations.count { $0.operation == .syncData && !$0.path.hasSuffix(".tmp") }
    }
}
