import Indelible
import IndelibleTesting
import Testing

/// What passes a limit is refused with the limit's name, and its execution fails where it cannot go on without.
@Suite(.bothWays) struct LimitTests {
    typealias Handler = @Sendable (DurableContext) async throws -> Void

    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var message: String
        /// The type of the error, where the handler could have caught one.
        var type = "InvalidParameterValueException"
        var limit: @Sendable (inout EngineLimits) -> Void
        var handler: Handler
    }

    static let blob = String(repeating: "x", count: 1_000)
    static let short: @Sendable (inout EngineLimits) -> Void = { $0.payloadLengthMax = 1_000 }

    static let cases: [Case] = [
        Case(
            testDescription: "a step's result",
            message: "STEP payload size must be less than or equal to 1000 bytes. It is 1002 bytes", type: "StepError",
            limit: short
        ) { context in _ = try await context.step { _ in blob } },
        Case(
            testDescription: "a child's result",
            message: "CONTEXT payload size must be less than or equal to 1000 bytes. It is 1002 bytes",
            type: "ChildContextError", limit: short
        ) { context in _ = try await context.runInChildContext { _ in blob } },
        Case(
            testDescription: "operations", message: "An execution may have at most 5 operations.",
            limit: { $0.operationCountMax = 5 }
        ) { context in for _ in 0..<5 { try await context.step { _ in } } },
        Case(
            testDescription: "operations, retries included", message: "An execution may have at most 3 operations.",
            limit: { $0.operationCountMax = 3 }
        ) { context in try await context.step(retry: .fixed(delay: .seconds(1))) { _ in throw Flaky() } },
        Case(
            testDescription: "bytes in all", message: "An execution may record at most 2500 bytes.", type: "StepError",
            limit: { $0.recordedBytesMax = 2_500 }
        ) { context in for _ in 0..<3 { _ = try await context.step { _ in blob } } },
        Case(
            testDescription: "a wait's length",
            message: "WaitSeconds must be above zero and at most 3162240000 seconds.",
            limit: { _ in }
        ) { context in try await context.wait(for: .days(40_000)) },
        Case(
            testDescription: "a callback's timeout",
            message: "TimeoutSeconds must be above zero and at most 3162240000 seconds.", limit: { _ in }
        ) { context in _ = try await context.createCallback(of: Int.self, timeout: .days(40_000)) },
        Case(
            testDescription: "AWS's whole seconds", message: "WaitSeconds must be a whole number of seconds.",
            limit: { $0 = .aws }
        ) { context in try await context.wait(for: .milliseconds(1_500)) },
        Case(
            testDescription: "AWS's 366 days", message: "WaitSeconds must be above zero and at most 31622400 seconds.",
            limit: { $0 = .aws }
        ) { context in try await context.wait(for: .days(367)) },
    ]

    @Test(arguments: cases)
    func `what is too much fails with the limit's name and figure`(refused: Case) async throws {
        var limits = EngineLimits.embedded
        refused.limit(&limits)
        let function = DurableFunction("much") { (context: DurableContext) in try await refused.handler(context) }
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [function], options: options)
        let execution = try await test.engine.start(function)
        let error = try await failure(of: execution)
        #expect(error.message.hasPrefix(refused.message))
        #expect(error.cause.type == refused.type)
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        #expect(try await failure(of: after) == error)
    }

    @Test func `AWS's limits are as its users know them, and the embedded ones are wider`() {
        let (aws, embedded) = (EngineLimits.aws, EngineLimits.embedded)
        #expect(aws.payloadLengthMax == 6_291_456)
        #expect(aws.callbackResultLengthMax == 1_048_576)
        #expect(aws.chainedPayloadLengthMax == 1_048_576)
        #expect(aws.operationCountMax == 3_000)
        #expect(aws.recordedBytesMax == 104_857_600)
        #expect(aws.failedInvocationCountMax == nil)
        #expect(embedded.payloadLengthMax > aws.payloadLengthMax)
        #expect(embedded.callbackResultLengthMax > aws.callbackResultLengthMax)
        #expect(embedded.chainedPayloadLengthMax > aws.chainedPayloadLengthMax)
        #expect(embedded.operationCountMax == nil)
        #expect(embedded.recordedBytesMax == nil)
        #expect(embedded.failedInvocationCountMax == nil)
    }

    @Test func `a handler may catch what a step or a child is refused, and goes on`() async throws {
        var limits = EngineLimits.embedded
        Self.short(&limits)
        let function = DurableFunction("catch") { (context: DurableContext) in
            var caught = 0
            do { _ = try await context.step { _ in Self.blob } } catch is StepError { caught += 1 }
            do { _ = try await context.runInChildContext { _ in Self.blob } } catch is ChildContextError { caught += 1 }
            try await context.wait(for: .seconds(1))
            return caught
        }
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [function], options: options)
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 2)
        #expect(try await execution.history().notation == "a.sS a.sF b.cS b.cF c.wS INV c.wOK INV X")
    }

    @Test func `callbacks and starts from outside are refused, and nothing is recorded of them`() async throws {
        var limits = EngineLimits.embedded
        limits.payloadLengthMax = 1_000
        limits.callbackResultLengthMax = 500
        let function = DurableFunction("outside") { (text: String, context: DurableContext) in
            try await context.createCallback("open", of: String.self).result()
        }
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [function], options: options)
        func message(_ ask: () async throws -> Void) async -> String? {
            let error = await #expect(throws: DurableEngineError.self) { try await ask() }
            #expect(error?.code == .invalidArgument)
            return error?.message
        }
        let start = await message { _ = try await test.engine.start(function, input: Self.blob) }
        #expect(start?.hasPrefix("Execution input payload size must be less than or equal to 1000 bytes.") == true)
        let execution = try await test.engine.start(function, input: "")
        await test.settle()
        let complete = await message { try await test.complete(callback: "open", of: execution.id, with: Self.blob) }
        #expect(complete?.hasPrefix("Callback result size must be less than or equal to 500 bytes.") == true)
        try await test.complete(callback: "open", of: execution.id, with: "short")
        #expect(try await execution.result() == "short")
    }

    @Test func `an execution whose handler crashes too often fails, where that is limited`() async throws {
        var limits = EngineLimits.embedded
        limits.failedInvocationCountMax = 3
        let calls = Calls()
        let hung = DurableFunction("hung", options: FunctionOptions(invocationTimeout: .seconds(10))) {
            (context: DurableContext) in
            calls.note("run")
            let gate = Gate()
            await gate.pass()
        }
        let options = EngineOptions(segmentSizes: [256 << 10], limits: limits)
        let test = try await TestEngine(functions: [hung], options: options)
        let execution = try await test.engine.start(hung)
        while try await execution.status == .running {
            await test.advance(by: .seconds(10), waitsForHandlers: false)
            await Task.yield()
        }
        #expect(try await failure(of: execution).message == "Function timed out after 10 seconds")
        #expect(calls.all.count == 3)
    }
}
