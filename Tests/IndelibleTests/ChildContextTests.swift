import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct ChildContextTests {
    @Test func `a finished child answers from its record`() async throws {
        let calls = Calls()
        let function = DurableFunction("parent") { (context: DurableContext) in
            let sum = try await context.runInChildContext("sum") { child in
                calls.note("child")
                let one = try await child.step("one") { _ in 1 }
                try await child.wait(for: .seconds(1))
                return try await child.step("two") { _ in one + 1 }
            }
            try await context.wait(for: .seconds(1))
            return sum
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 2)
        // The first run, after the inner wait; not after the outer one.
        #expect(calls.all == Array(repeating: "child", count: runsWithOneSuspension))
        let paths = try await execution.history().compactMap(\.operation?.path)
        #expect(Set(paths) == ["1", "1-1", "1-2", "1-3", "2"])
    }

    @Test func `a result above 256 KiB is made again from its operations`() async throws {
        let calls = Calls()
        let function = DurableFunction("large") { (context: DurableContext) in
            let bytes = try await context.runInChildContext("blob", serdes: .bytes) { child in
                calls.note("child")
                let byte = try await child.step { _ in
                    calls.note("step")
                    return 7
                }
                return [UInt8](repeating: UInt8(byte), count: 300 << 10)
            }
            try await context.wait(for: .seconds(1))
            return bytes.count
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == 300 << 10)
        #expect(calls.all == ["child", "step"] + (handlersAreParked ? [] : ["child"]))
    }

    @Test func `a child that throws fails, on every run with the same error`() async throws {
        let errors = Calls()
        let function = DurableFunction("parent") { (context: DurableContext) in
            do {
                try await context.runInChildContext("doomed") { child in
                    try await child.step(retry: .none) { _ in throw Flaky() }
                }
            } catch let error as ChildContextError {
                errors.note("\(error)")
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        try await test.engine.start(function).result()
        let error = "child context 'doomed' failed: StepError: try again"
        #expect(errors.all == Array(repeating: error, count: runsWithOneSuspension))
    }

    @Test func `children nest`() async throws {
        let function = DurableFunction("nest") { (context: DurableContext) in
            try await context.runInChildContext { child in
                try await child.runInChildContext { grandchild in
                    try await grandchild.step { _ in "deep" }
                }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "deep")
        let step = try #require(try await execution.history().first { $0.type == "StepSucceeded" })
        #expect(step.operation?.path == "1-1-1")
        #expect(step.operation?.parentPath == "1-1")
    }
}
