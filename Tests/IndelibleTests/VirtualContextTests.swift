import Indelible
import IndelibleTesting
import Logging
import Testing

@Suite(.bothWays) struct VirtualContextTests {
    @Test func `operations inside number themselves and hang on what encloses the context`() async throws {
        let function = DurableFunction("virtual") { (context: DurableContext) in
            try await context.step("first") { _ in }
            let inner = try await context.runInVirtualContext("group") { group in
                let one = try await group.step("one") { _ in 1 }
                return try await group.runInChildContext("recorded") { child in
                    try await child.runInVirtualContext { deep in
                        try await deep.wait("deep", for: .seconds(1))
                        return try await deep.step("two") { _ in one + 1 }
                    }
                }
            }
            return try await context.step("last") { _ in inner + 1 }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 3)
        let history = try await execution.history()
        #expect(history.notation == "a.sS a.sOK b.sS b.sOK c.cS d.wS INV d.wOK e.sS e.sOK c.cOK f.sS f.sOK INV X")
        let places = history.filter { $0.type.hasSuffix("Started") }.compactMap(\.operation).map {
            "\($0.path) in \($0.parentPath ?? "nothing")"
        }
        #expect(
            places == [
                "1 in nothing", "2-1 in nothing", "2-2 in nothing", "2-2-1-1 in 2-2", "2-2-1-2 in 2-2", "3 in nothing",
            ])
    }

    @Test func `its result is passed on as it is, by every run`() async throws {
        let calls = Calls()
        let function = DurableFunction("pass") { (context: DurableContext) in
            let make = try await context.runInVirtualContext { group -> @Sendable (Int) -> Int in
                calls.note("body")
                let factor = try await group.step { _ in
                    calls.note("step")
                    return 3
                }
                return { $0 * factor }
            }
            try await context.wait(for: .seconds(1))
            return make(14)
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == 42)
        #expect(calls.all == ["body", "step"] + (handlersAreParked ? [] : ["body"]))
    }

    @Test func `what it throws passes as it is, by every run`() async throws {
        struct Own: Error {
            var attempts: [Int]
        }
        let calls = Calls()
        let function = DurableFunction("throw") { (context: DurableContext) in
            do {
                try await context.runInVirtualContext { group in
                    try await group.step { _ in }
                    throw Own(attempts: [1, 2])
                }
            } catch let error as Own {
                calls.note("\(error.attempts)")
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        #expect(calls.all == Array(repeating: "[1, 2]", count: runsWithOneSuspension))
        #expect(try await execution.history().notation == "a.sS a.sOK b.wS INV b.wOK INV X")
    }

    @Test func `a body that swallows the suspension comes to nothing`() async throws {
        let calls = Calls()
        let function = DurableFunction("swallow") { (context: DurableContext) in
            let word = try await context.runInVirtualContext { group in
                do { try await group.wait(for: .hours(1)) } catch { return "too early" }
                return "in time"
            }
            try await context.step { _ in calls.note(word) }
            return word
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == "in time")
        #expect(calls.all == ["in time"])
    }

    @Test func `messages in and after virtual contexts are logged once, empty ones included`() async throws {
        let log = LogRecorder()
        let function = DurableFunction("log") { (context: DurableContext) in
            context.logger.info("begin")
            try await context.runInVirtualContext { group in
                group.logger.info("inside, before")
                try await group.step("one") { _ in }
                group.logger.info("inside, after")
            }
            try await context.runInVirtualContext { group in group.logger.info("empty") }
            context.logger.info("between")
            try await context.wait("first", for: .seconds(1))
            try await context.runInVirtualContext { group in
                try await group.runInVirtualContext { deep in
                    try await deep.wait("second", for: .seconds(1))
                    deep.logger.info("deep")
                }
            }
            context.logger.info("end")
            try await context.wait("third", for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function], options: log.options)
        try await test.engine.start(function).result()
        let texts = log.messages.map(\.text)
        for text in ["begin", "inside, before", "inside, after", "between", "deep", "end"] {
            #expect(texts.count { $0 == text } == 1, "\(text) in \(texts)")
        }
    }

    @Test(arguments: [true, false])
    func `a context that was recorded and is not, or the other way around, is a mismatch`(wasRecorded: Bool)
        async throws
    {
        func function(isRecorded: Bool) -> DurableFunction<Void, Int> {
            DurableFunction("change") { (context: DurableContext) in
                let body: @concurrent @Sendable (DurableContext) async throws -> Int = { child in
                    try await child.step("inside") { _ in }
                    try await child.wait("pause", for: .hours(1))
                    return 1
                }
                return isRecorded
                    ? try await context.runInChildContext("group", body: body)
                    : try await context.runInVirtualContext("group", body: body)
            }
        }
        let (old, new) = (function(isRecorded: wasRecorded), function(isRecorded: !wasRecorded))
        let test = try await TestEngine(functions: [old])
        let execution = try await test.engine.start(old)
        await test.settle()
        try await test.engine.register(new)
        await test.advance(by: .hours(2))
        let mismatch = try #require(try await execution.description().standing.mismatch)
        #expect(mismatch.recorded?.description == (wasRecorded ? "RunInChildContext 'group' at 1" : nil))
        #expect(mismatch.likelyCause == .changedContext)
        #expect(mismatch.message.contains("a context looks recorded now that was not, or the other way around"))
        #expect(mismatch.attempted.description == "RunInChildContext 'group' at 1")
        try await test.engine.register(old)
        #expect(try await execution.result() == 1)
    }
}
