import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct LargeResultTests {
    @Test(arguments: [(262_144, true), (262_145, false)])
    func `a child's result of up to 256 KiB is recorded, a longer one is made again from its operations`(
        length: Int, isRecorded: Bool
    ) async throws {
        let calls = Calls()
        let function = DurableFunction("large") { (context: DurableContext) in
            let bytes = try await context.runInChildContext(
                "blob", serdes: .bytes, summary: { (bytes: [UInt8]) in "\(bytes.count) bytes" }
            ) { child in
                calls.note("child")
                let byte = try await child.step { _ in UInt8(7) }
                return [UInt8](repeating: byte, count: length)
            }
            try await context.wait(for: .seconds(1))
            return bytes.count + Int(bytes[0])
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == length + 7)
        #expect(calls.all.count == (isRecorded || handlersAreParked ? 1 : 2))
        let history = try await execution.history()
        #expect(history.notation == "a.cS b.sS b.sOK a.cOK c.wS INV c.wOK INV X")
        let payload = try #require(history.events(of: .succeeded("blob")).first?.payload)
        #expect(payload == (isRecorded ? [UInt8](repeating: 7, count: length) : Array("262145 bytes".utf8)))
    }

    @Test func `without a summary the history shows nothing of a large result, and a long summary is cut`() async throws
    {
        let function = DurableFunction("large") { (context: DurableContext) in
            let body: @concurrent @Sendable (DurableContext) async throws -> [UInt8] = { _ in
                [UInt8](repeating: 1, count: 300_000)
            }
            _ = try await context.runInChildContext("none", serdes: .bytes, body: body)
            _ = try await context.runInChildContext(
                "long", serdes: .bytes, summary: { _ in "1" + String(repeating: "ä", count: 200_000) }, body: body)
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        let history = try await execution.history()
        #expect(history.events(of: .succeeded("none")).first?.payload == [])
        let summary = try #require(history.events(of: .succeeded("long")).first?.payload)
        // One byte short of the limit, where the next character would be cut in two.
        #expect(summary.count == 262_143)
        #expect(String(validating: summary, as: UTF8.self) != nil)
    }

    @Test(arguments: [(6_291_406, "INV X"), (6_291_407, "X INV")])
    func `a result that no invocation could return is recorded before the invocation ends`(
        length: Int, notation: String
    ) async throws {
        let function = DurableFunction("large", options: FunctionOptions(serdes: .bytes)) { (_: DurableContext) in
            [UInt8](repeating: 1, count: length)
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result().count == length)
        await test.settle()
        #expect(try await execution.history().notation == notation)
        #expect(try await execution.history().first { $0.type == "ExecutionSucceeded" }?.payload?.count == length)
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        #expect(try await after.result().count == length)
    }

    @Test(arguments: [7 << 20, 20 << 20])
    func `a result above the payloads' limit fails the execution with its figure`(length: Int) async throws {
        var limits = EngineLimits.embedded
        if length < 15 << 20 { limits.payloadLengthMax = 1 << 20 }
        let function = DurableFunction("large", options: FunctionOptions(serdes: .bytes)) { (_: DurableContext) in
            [UInt8](repeating: 1, count: length)
        }
        let test = try await TestEngine(
            functions: [function], options: EngineOptions(segmentSizes: [256 << 10], limits: limits))
        let error = try await failure(of: try await test.engine.start(function))
        let text =
            "Execution output payload size must be less than or equal to \(limits.payloadLengthMax) bytes. "
            + "It is \(length) bytes"
        #expect(error.message.hasPrefix(text))
        #expect(error.cause.type == "InvalidParameterValueException")
    }

    @Test func `long messages are cut at a character, and data that is too long is left out`() async throws {
        struct Long: RecordableError, CustomStringConvertible {
            var text: String
            var description: String { text }
        }
        let function = DurableFunction("long") { (length: Int, context: DurableContext) in
            try await context.step(retry: .none) { _ in throw Long(text: String(repeating: "ä", count: length)) }
        }
        let test = try await TestEngine(functions: [function])
        let whole = try await failure(of: try await test.engine.start(function, input: 4_096)).cause
        #expect(whole.message == String(repeating: "ä", count: 4_096))
        #expect(whole.decodedCount == 4_096)
        let cut = try await failure(of: try await test.engine.start(function, input: 8_000)).cause
        #expect(cut.message == String(repeating: "ä", count: 4_094) + "...")
        #expect(cut.decodedCount == 8_000)
        let bare = try await failure(of: try await test.engine.start(function, input: 8_200)).cause
        #expect(bare.message == cut.message)
        #expect(bare.data == nil)
    }

    @Test func `an error object that somebody hands in loses what is least missed`() async throws {
        let function = DurableFunction("hand") { (part: String, context: DurableContext) in
            let long = String(repeating: "x", count: 40_000)
            throw RecordedError(
                type: "Handed", message: part == "message" ? long : "short", data: part == "data" ? long : "data",
                stackTrace: part == "stack trace" ? [long] : ["line"])
        }
        let test = try await TestEngine(functions: [function])
        func cause(_ part: String) async throws -> RecordedError {
            try await failure(of: try await test.engine.start(function, input: part)).cause
        }
        #expect(
            try await cause("nothing")
                == RecordedError(type: "Handed", message: "short", data: "data", stackTrace: ["line"]))
        #expect(try await cause("stack trace") == RecordedError(type: "Handed", message: "short", data: "data"))
        #expect(try await cause("data") == RecordedError(type: "Handed", message: "short"))
        let cut = try await cause("message")
        #expect(cut.message.utf8.count == 8_192)
        #expect(cut.message.hasSuffix("..."))
    }
}

extension RecordedError {
    /// How long the text was in the data.
    fileprivate var decodedCount: Int? {
        data.map { $0.count - #"{"text":""}"#.count }
    }
}
