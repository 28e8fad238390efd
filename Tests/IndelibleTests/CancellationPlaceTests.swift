import Indelible
import IndelibleTesting
import Logging
import Testing

/// Where exactly a handler is told that its execution is to end, on the first run and on every replay.
@Suite(.bothWays) struct CancellationPlaceTests {
    @Test func `a step that runs comes to its end, and the next call throws`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("step") { (context: DurableContext) in
            try await context.step("long") { _ in
                calls.note("begin")
                await gate.pass()
                calls.note("end")
            }
            do {
                try await context.step("next") { _ in calls.note("next") }
            } catch is ExecutionCancelledError {
                calls.note("told")
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await execution.cancel()
        gate.open()
        try await execution.result()
        #expect(calls.all == ["begin", "end", "told"] + (handlersAreParked ? [] : ["told"]))
        #expect(try await execution.history().notation == "a.sS a.sOK b.sS b.sOK c.wS INV c.wOK INV X")
    }

    @Test(arguments: [false, true])
    func `the body of a step may ask whether it is to come to an early end`(hasTimeout: Bool) async throws {
        let gate = Gate()
        let function = DurableFunction("ask") { (context: DurableContext) in
            let body: @concurrent @Sendable (StepContext) async throws -> [Bool] = { step in
                let before = step.isCancellationRequested
                await gate.pass()
                for _ in 0..<1_000_000 where !step.isCancellationRequested { await Task.yield() }
                return [before, step.isCancellationRequested]
            }
            let answers =
                hasTimeout
                ? try await context.step(timeout: .hours(1), body: body) : try await context.step(body: body)
            do {
                try await context.wait(for: .hours(1))
            } catch is ExecutionCancelledError {
                return answers
            }
            return []
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await execution.cancel()
        gate.open()
        #expect(try await execution.result() == [false, true])
    }

    @Test func `a handler between two calls is told at the next one, which is not made`() async throws {
        let (gate, calls) = (Gate(), Calls())
        let function = DurableFunction("between") { (context: DurableContext) in
            try await context.step("one") { _ in }
            await gate.pass()
            // The request reaches the handler by itself; what is on its way to it now is not waited for.
            while try await context.runInVirtualContext("ask", body: { _ in calls.all.isEmpty }) {
                try await context.step { step in if step.isCancellationRequested { calls.note("asked") } }
            }
            return "not told"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await gate.arrival()
        try await execution.cancel()
        gate.open()
        #expect(try await failure(of: execution).cause.type == "ExecutionCancelledError")
    }

    @Test func `a callback that is made before its result is asked for is told where it is asked for`() async throws {
        let calls = Calls()
        let function = DurableFunction("callback") { (context: DurableContext) in
            let callback = try await context.createCallback("answer", of: Int.self)
            calls.note("made")
            do {
                return try await callback.result()
            } catch is ExecutionCancelledError {
                try await context.wait(for: .seconds(1))
                // It may still be answered.
                return try await callback.result()
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        await test.advance(by: .seconds(1))
        try await test.complete(callback: "answer", of: execution.id, with: 42)
        #expect(try await execution.result() == 42)
        #expect(calls.all.count == (handlersAreParked ? 1 : 4))
        #expect(try await execution.history().notation == "a.kS INV b.sS b.sOK c.wS INV c.wOK INV a.kOK INV X")
    }

    @Test(arguments: [true, false])
    func `a context that keeps it to itself leaves the next call to be told, one that lets it pass does not`(
        keeps: Bool
    ) async throws {
        let calls = Calls()
        for isRecorded in [true, false] {
            let function = DurableFunction("keep") { (context: DurableContext) in
                let body: @concurrent @Sendable (DurableContext) async throws -> Void = { child in
                    do {
                        try await child.wait(for: .hours(1))
                    } catch let error as ExecutionCancelledError {
                        if !keeps { throw error }
                    }
                }
                do {
                    if isRecorded {
                        try await context.runInChildContext(body: body)
                    } else {
                        try await context.runInVirtualContext(body: body)
                    }
                } catch is ExecutionCancelledError {
                    calls.note("passed")
                }
                do {
                    try await context.step { _ in calls.note("step") }
                } catch is ExecutionCancelledError {
                    calls.note("told")
                }
                try await context.step("end") { _ in }
            }
            let test = try await TestEngine(functions: [function])
            let execution = try await test.engine.start(function)
            await test.settle()
            try await execution.cancel()
            try await execution.result()
        }
        #expect(calls.all == (keeps ? ["told", "told"] : ["passed", "step", "passed", "step"]))
    }

    @Test func `an execution that has gone on past a place without a record is not told before it`() async throws {
        let calls = Calls()
        let function = DurableFunction("past") { (context: DurableContext) in
            try await context.step("one") { _ in }
            do {
                try await context.runInVirtualContext { child in
                    try await child.step("two") { _ in calls.note("two") }
                }
                try await context.runInVirtualContext { _ in }
                calls.note("past")
                try await context.wait("three", for: .hours(1))
            } catch is ExecutionCancelledError {
                calls.note("told")
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        try await execution.result()
        let replays = handlersAreParked ? [] : ["past", "told"]
        #expect(calls.all == ["two", "past"] + (handlersAreParked ? ["told"] : replays + replays))
        #expect(
            try await execution.history().notation
                == "a.sS a.sOK b.sS b.sOK c.wS INV d.sS d.sOK c.wC e.wS INV e.wOK INV X")
    }

    @Test func `every branch has its say before the batch ends`() async throws {
        let calls = Calls()
        let function = DurableFunction("branches") { (context: DurableContext) in
            do {
                _ = try await context.map("all", [1, 2, 3, 4], maxConcurrency: 3) { number, branch in
                    try await branch.saga { saga in
                        try await saga.step("book \(number)") { _ in
                        } compensation: { step in
                            // The first one has been undone long before the others have.
                            if step.attempt < number { throw Flaky() }
                            calls.note("undo \(number)")
                        }
                        try await branch.wait(for: .hours(number))
                        return number
                    }
                }
            } catch is ExecutionCancelledError {
                calls.note("told")
            }
            try await context.step("after") { _ in calls.note("after") }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        try await execution.result()
        #expect(calls.all.filter { $0 != "told" } == ["undo 1", "undo 2", "undo 3", "after"])
        #expect(calls.all.suffix(2) == ["told", "after"])
    }

    @Test func `an execution that is paused is told when it is resumed`() async throws {
        let function = DurableFunction("paused") { (context: DurableContext) in try await context.wait(for: .hours(1)) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.pause()
        try await execution.cancel()
        await test.settle()
        #expect(try await execution.status == .paused)
        try await execution.resume()
        #expect(try await failure(of: execution).cause.type == "ExecutionCancelledError")
    }

    @Test func `messages after it are logged once`() async throws {
        let log = LogRecorder()
        let function = DurableFunction("log") { (context: DurableContext) in
            do {
                try await context.wait(for: .hours(1))
            } catch is ExecutionCancelledError {
                context.logger.info("told")
            }
            try await context.wait(for: .seconds(1))
            context.logger.info("end")
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function], options: log.options)
        let execution = try await test.engine.start(function)
        await test.settle()
        try await execution.cancel()
        try await execution.result()
        #expect(log.messages.map(\.text) == ["told", "end"])
    }
}
