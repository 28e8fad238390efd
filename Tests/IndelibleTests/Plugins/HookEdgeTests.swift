import Indelible
import IndelibleTesting
import Logging
import Testing

/// What hooks say where things do not go straight on.
@Suite(.bothWays) struct HookEdgeTests {
    @Test func `a callback that was completed before it is asked for ends all the same, once`() async throws {
        let (recorder, ids, gate) = (HookRecorder(), Calls(), Gate())
        let function = DurableFunction("ask") { (context: DurableContext) in
            let callback = try await context.createCallback("open", of: Int.self)
            try await context.step("submit") { _ in
                ids.note(callback.id.description)
                await gate.pass()
            }
            // Its reply tells of the callback.
            try await context.step("later") { _ in }
            return try await callback.result() + callback.result()
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await test.engine.complete(callback: CallbackID(ids.all[0]), with: 21)
        gate.open()
        #expect(try await execution.result() == 42)
        #expect(
            recorder.lines("operation-end", "invocation-end") == [
                "operation-end submit 2 SUCCEEDED", "operation-end later 3 SUCCEEDED", "operation-end open 1 SUCCEEDED",
                "invocation-end SUCCEEDED",
            ])
    }

    @Test func `what nobody asks for ends before the invocation that sees it`() async throws {
        let recorder = HookRecorder()
        let function = DurableFunction("ignore") { (context: DurableContext) in
            _ = try await context.createCallback("open", of: Int.self, timeout: .seconds(1))
            try await context.wait("pause", for: .seconds(2))
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        try await test.engine.start(function).result()
        #expect(
            recorder.lines("operation-end", "invocation-end") == [
                "invocation-end PENDING", "operation-end open 1 TIMED_OUT replayed", "invocation-end PENDING",
                "operation-end pause 2 SUCCEEDED replayed", "invocation-end SUCCEEDED",
            ])
        #expect(recorder.seen.ended.first?.error?.type == "Callback.Timeout")
    }

    @Test func `a body that catches the suspension and returns is incomplete`() async throws {
        let recorder = HookRecorder()
        let function = DurableFunction("catch") { (context: DurableContext) in
            try await context.runInChildContext("outer") { context in
                do { try await context.wait(for: .hours(1)) } catch { return "too early" }
                return "in time"
            }
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        #expect(try await test.engine.start(function).result() == "in time")
        #expect(
            recorder.lines("body-end") == ["body-end outer 1 n=1 INCOMPLETE", "body-end outer 1 n=1 SUCCEEDED"])
    }

    @Test func `a request to end cancels a wait, and ends no callback`() async throws {
        let (recorder, ids) = (HookRecorder(), Calls())
        let function = DurableFunction("cancel") { (context: DurableContext) in
            let callback = try await context.createCallback("open", of: Int.self)
            ids.note(callback.id.description)
            do { try await context.wait("pause", for: .hours(1)) } catch is ExecutionCancelledError {}
            return try await callback.result()
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel(reason: "enough")
        await test.settle()
        #expect(recorder.lines("operation-end") == ["operation-end pause 2 CANCELLED replayed"])
        try await test.engine.complete(callback: CallbackID(ids.all[0]), with: 7)
        #expect(try await execution.result() == 7)
        #expect(recorder.lines("operation-end").suffix(1) == ["operation-end open 1 SUCCEEDED replayed"])
        #expect(recorder.lines("operation-end").count == 2)
    }

    @Test func `an invoke that a request to end interrupts has not ended`() async throws {
        let recorder = HookRecorder(of: "parent")
        let child = DurableFunction("child") { (_: Int, context: DurableContext) in
            try await context.wait(for: .hours(2))
            return 1
        }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            do {
                return try await context.invoke(child, input: 1, name: "call")
            } catch is ExecutionCancelledError {
                return try await context.step("instead") { _ in 2 }
            }
        }
        let test = try await TestEngine(functions: [parent, child], options: .with(recorder))
        let execution = try await test.engine.start(parent)
        await test.settle()
        try await execution.cancel()
        #expect(try await execution.result() == 2)
        #expect(recorder.lines("operation-start").last == "operation-start instead 3 STARTED")
        #expect(recorder.lines("operation-end") == ["operation-end instead 3 SUCCEEDED"])
    }

    @Test func `after a crash, what had happened since the last suspension is told once more`() async throws {
        let (recorder, gate) = (HookRecorder(), Gate())
        let function = DurableFunction("crash") { (context: DurableContext) in
            try await context.step("before") { _ in }
            try await context.wait("pause", for: .hours(1))
            try await context.step("after") { _ in }
            try await context.step("held") { _ in await gate.pass() }
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        _ = try await test.engine.start(function, name: "one")
        await test.settle()
        await test.advance(by: .hours(1), waitsForHandlers: false)
        await gate.arrival()
        #expect(
            recorder.lines("operation-end") == [
                "operation-end before 1 SUCCEEDED", "operation-end pause 2 SUCCEEDED replayed",
                "operation-end after 3 SUCCEEDED",
            ])
        try await test.crash()
        gate.open()
        try await test.engine.execution(named: "one", of: function)?.result()
        let again = recorder.lines("operation-end").dropFirst(3)
        #expect(!again.contains { $0.contains("before") })
        #expect(again.contains("operation-end pause 2 SUCCEEDED replayed"))
        #expect(again.contains("operation-end after 3 SUCCEEDED replayed"))
        #expect(again.count { $0.hasPrefix("operation-end held 4 SUCCEEDED") } == 1)
    }

    @Test func `an abandoned branch ends as incomplete, and its operation not at all`() async throws {
        let (recorder, gate) = (HookRecorder(), Gate())
        let function = DurableFunction("race") { (context: DurableContext) in
            let batch = try await context.parallel("race", completion: .firstSuccessful) {
                DurableBranch("quick") { _ in
                    await gate.arrival()
                    return 1
                }
                DurableBranch("slow") { context in
                    try await context.step("held") { _ in
                        await gate.pass()
                        return 2
                    }
                }
            }
            try await context.wait(for: .hours(1))
            return batch.results
        }
        let test = try await TestEngine(functions: [function], options: .with(recorder))
        #expect(try await test.engine.start(function).result() == [1])
        #expect(recorder.lines("operation-end").allSatisfy { !$0.contains("slow") && !$0.contains("held") })
        // Nothing of it goes on in the second invocation.
        #expect(recorder.lines("operation-start").count { $0.contains("slow") } == 1)
    }

    @Test func `loggers say whose they are: the handler's, a context's or a body's`() async throws {
        struct Naming: DurablePlugin, DurableObserver {
            func observer(of invocation: ObservedInvocation) -> any DurableObserver { self }
            func logMetadata(for body: ObservedBody?) -> Logger.Metadata {
                ["body": "\(body.map { "\($0.operation.name ?? "") \($0.operation.id) n=\($0.attempt)" } ?? "handler")"]
            }
        }
        let log = LogRecorder()
        let function = DurableFunction("log") { (context: DurableContext) in
            context.logger.info("a")
            try await context.runInChildContext("child") { context in
                context.logger.info("b")
                try await context.step("step", retry: .fixed(delay: .seconds(1))) { step in
                    step.logger.info("c")
                    if step.attempt == 1 { throw Flaky() }
                }
                context.logger.info("d")
            }
        }
        let test = try await TestEngine(functions: [function], options: .with(Naming(), log: log))
        try await test.engine.start(function).result()
        let lines = log.messages.map { "\($0.text) \($0.metadata["body"] ?? "")" }
        #expect(lines == ["a handler", "b child 1 n=1", "c step 1-1 n=1", "c step 1-1 n=2", "d child 1 n=1"])
    }
}
