import Foundation
import Indelible
import IndelibleTesting
import LogStorage
import Testing

/// Values in files, in executions: wherever a serdes is asked, and whatever crashes.
@Suite(.bothWays) struct FileSerdesExecutionTests {
    struct Document: Codable, Equatable {
        var text: String
        init(_ text: String) { self.text = String(repeating: text, count: 40) }
    }

    /// Files for whatever takes more than 64 bytes of the record.
    static func files(_ disk: DiskOfEngine, base: any Serdes = .json) -> FileSerdes {
        FileSerdes(at: "values", base: base, inlineLengthMax: 64, fileSystem: disk)
    }

    /// An engine whose disk the files are on too.
    static func engine(_ functions: [any EngineFunction], _ disk: DiskOfEngine) async throws -> TestEngine {
        let test = try await TestEngine(functions: functions)
        try disk.attach(test, making: "values")
        return test
    }

    static func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

    @Test func `inputs, results, items, states, answers and invokes go through files, and survive a crash`()
        async throws
    {
        let (disk, ids, seen) = (DiskOfEngine(), Calls(), Calls())
        let options = FunctionOptions(serdes: Self.files(disk))
        let child = DurableFunction("child", options: options) { (document: Document, context: DurableContext) in
            try await context.step { _ in Document(document.text.prefix(1) + "!") }
        }
        let parent = DurableFunction("parent", options: options) { (document: Document, context: DurableContext) in
            let step = try await context.step("step") { _ in Document("s") }
            let small = try await context.step("small") { _ in "small" }
            let inner = try await context.runInChildContext("inner") { inner in
                try await inner.step { _ in Document("i") }
            }
            let items = try await context.map("map", ["a", "b"]) { item, _ in Document(item) }
            let branches = try await context.parallel("pair") {
                DurableBranch { context in try await context.step { _ in Document("1") } }
                DurableBranch { _ in Document("2") }
            }
            let state = try await context.waitForCondition(from: Document(""), poll: .until { $0.text.count > 79 }) {
                state, _ in Document(state.text.isEmpty ? "x" : "xy")
            }
            let answer: Document = try await context.waitForCallback("ask") { id, _ in ids.note(id.description) }
            let invoked = try await context.invoke(child, input: Document("c"))
            let all = [document, step, inner] + items.results + branches.results + [state, answer, invoked]
            let text = all.map { "\($0.text.prefix(2))\($0.text.count)" }.joined(separator: " ") + " \(small)"
            seen.note(text)
            return Document(text)
        }
        let test = try await Self.engine([parent, child], disk)
        let execution = try await test.engine.start(parent, input: Document("in"), name: "one")
        await test.advance(by: .hours(1))
        try await test.engine.complete(
            callback: CallbackID(try #require(ids.all.first)), with: Document("y"), serdes: Self.files(disk))
        await test.settle()
        try await test.crash()
        let handle = try #require(try await test.engine.execution(named: "one", of: parent))
        let expected = "in80 ss40 ii40 aa40 bb40 1140 2240 xy80 yy40 c!80 small"
        #expect(try await handle.result() == Document(expected))
        #expect(Set(seen.all) == [expected])
        // Every payload that is not small is a path, and each in its own directory.
        let payloads = try await handle.history().compactMap(\.payload).map { Self.text($0) }
        #expect(payloads.contains(#"{"data":"\"small\""}"#))
        #expect(payloads.allSatisfy { $0.utf8.count < 400 && !$0.contains("ssss") })
        let files = try disk.disk.files(below: "values")
        #expect(files.contains { $0.hasPrefix("values/@outside/") })
        #expect(files.contains { $0.hasPrefix("values/parent/one/\(execution.id)/1.") })
        #expect(files.contains { $0.hasPrefix("values/parent/one/\(execution.id)/result.") })
        #expect(files.contains { $0.hasPrefix("values/child/") })
    }

    @Test func `a child's large result is recorded by its file, and its body does not run again`() async throws {
        let (disk, calls) = (DiskOfEngine(), Calls())
        let function = DurableFunction("large") { (context: DurableContext) in
            let text = try await context.runInChildContext("blob", serdes: Self.files(disk)) { _ in
                calls.note("body")
                return String(repeating: "x", count: 300 << 10)
            }
            try await context.wait(for: .hours(1))
            return text.count
        }
        let test = try await Self.engine([function], disk)
        #expect(try await test.engine.start(function).result() == 300 << 10)
        #expect(calls.all == ["body"])
    }

    @Test func `starting again with the same input finds the execution, with another it is refused`() async throws {
        let disk = DiskOfEngine()
        let function = DurableFunction("echo", options: FunctionOptions(serdes: Self.files(disk))) {
            (document: Document, _: DurableContext) in document
        }
        let test = try await Self.engine([function], disk)
        let first = try await test.engine.start(function, input: Document("a"), name: "one")
        let second = try await test.engine.start(function, input: Document("a"), name: "one")
        #expect(first.id == second.id)
        let error = await #expect(throws: DurableEngineError.self) {
            try await test.engine.start(function, input: Document("b"), name: "one")
        }
        #expect(error?.code == .nameTaken)
        #expect(try await second.result() == Document("a"))
    }

    /// What the step returns: after the crash the same, or something else.
    @Test(arguments: ["first", "second"])
    func `a crash between the file and the record leaves a file that nothing touches again`(again: String) async throws
    {
        let (disk, calls, gate) = (DiskOfEngine(), Calls(), Gate())
        // The file is there when this is asked, and nothing is recorded yet.
        let serdes = TransformingSerdes(Self.files(disk)) { bytes, _ in
            calls.note(Self.text(bytes))
            if calls.all.count == 1 { await gate.pass() }
            return bytes
        } decode: { bytes, _ in
            bytes
        }
        let function = DurableFunction("step") { (context: DurableContext) in
            try await context.step(serdes: serdes) { _ in Document(calls.all.isEmpty ? "first" : again) }
        }
        let test = try await Self.engine([function], disk)
        _ = try await test.engine.start(function, name: "one")
        await gate.arrival()
        let (before, operations) = (try disk.disk.files(below: "values"), disk.disk.operations)
        #expect(before.count == 1)
        let named = try #require(operations.lastIndex { $0.operation == .rename })
        #expect(operations[named...].contains { $0.operation == .syncDirectory && $0.path == "values/step/one" })
        try await test.crash()
        let handle = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await handle.result() == Document(again))
        let after = try disk.disk.files(below: "values")
        #expect(after.contains(before[0]))
        #expect(after.count == (again == "first" ? 1 : 2))
        #expect(calls.all.count == 2 && (calls.all[0] == calls.all[1]) == (again == "first"))
        let recorded = try #require(try await handle.history().first { $0.type == "StepSucceeded" })
        #expect(Self.text(recorded.payload) == calls.all[1])
    }

    @Test func `an altered file fails the execution that reads it, by name`() async throws {
        let disk = DiskOfEngine()
        let function = DurableFunction("read", options: FunctionOptions(serdes: Self.files(disk))) {
            (context: DurableContext) in
            let document = try await context.step("large") { _ in Document("x") }
            try await context.wait(for: .hours(1))
            return document.text.count
        }
        let test = try await Self.engine([function], disk)
        _ = try await test.engine.start(function, name: "one")
        await test.settle()
        let path = try #require(try disk.disk.files(below: "values").first)
        disk.disk.replace(path, with: [1, 2, 3])
        try await test.crash()
        let handle = try #require(try await test.engine.execution(named: "one", of: function))
        let error = await #expect(throws: ExecutionError.self) { try await handle.result() }
        #expect(error?.cause.type == "SerdesError")
        #expect(error?.message.contains("cannot decode the result of step 'large' (1) as Document: \(path)") == true)
    }

    @Test func `a file that is missing is waited for, and the execution goes on when it is back`() async throws {
        let disk = DiskOfEngine()
        let files = FileSerdes(at: "values", mode: .always, fileSystem: disk)
        let function = DurableFunction("read") { (context: DurableContext) in
            let text = try await context.step("large", serdes: files) { _ in "kept" }
            try await context.wait(for: .hours(1))
            return text
        }
        let test = try await TestEngine(functions: [function])
        try disk.attach(test, making: "values")
        _ = try await test.engine.start(function, name: "one")
        await test.settle()
        let path = try #require(try disk.disk.files(below: "values").first)
        let bytes = try #require(disk.disk.contents(of: path))
        disk.disk.lose(path)
        try await test.crash()
        await test.advance(by: .hours(2))
        let handle = try #require(try await test.engine.execution(named: "one", of: function))
        #expect(try await handle.status == .running)
        let error = try #require(try await handle.history().last { $0.type == "InvocationCompleted" }?.error)
        #expect(error.message.contains("could not open \(path): it does not exist"))
        disk.disk.replace(path, with: bytes)
        #expect(try await handle.result() == "kept")
    }
}
