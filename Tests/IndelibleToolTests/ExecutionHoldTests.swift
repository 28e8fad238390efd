import Foundation
import Indelible
import Testing

@Suite struct ExecutionHoldTests {
    private static func directory() -> String {
        FileManager.default.temporaryDirectory.path + "/indelible-tool-\(UUID().uuidString)"
    }

    @Test func `an execution is held and released, by names`() async throws {
        let log = try await Tool.makeLog()
        defer { try? FileManager.default.removeItem(atPath: log) }
        func change(_ verb: String, _ arguments: String...) async throws -> (code: Int32, output: String) {
            try await Tool.run(["execution", verb, "--data", log, "double/one"] + arguments)
        }

        #expect(
            try await change("hold", "--hold", "case-1", "--reason", "fraud")
                == (0, "execution double/one held by 'case-1'"))
        #expect(try await change("hold", "--hold", "audit", "--json").output.contains(#""done":"held by 'audit'""#))
        #expect(try await change("hold").code == 2)
        #expect(try await change("delete").code == 1)
        let shown = try await change("get").output
        #expect(shown.contains("held by      'case-1' since ") && shown.contains(": fraud"))
        let json = try await change("get", "--json").output
        #expect(json.contains(#""holds":[{"name":"case-1","reason":"fraud","since":""#))
        #expect(try await change("release", "--hold", "case-1", "--reason", "settled").code == 0)
        #expect(try await change("release", "--hold", "case-1").code == 1)
        let history = try await change("history").output
        for event in ["retentionHeld", "by 'case-1'  since fraud", "retentionReleased", "since settled"] {
            #expect(history.contains(event), "\(event)")
        }
        #expect(try await change("release", "--hold", "audit").code == 0)
        #expect(try await change("delete").code == 0)
    }

    @Test func `a trimmed history says so`() async throws {
        let log = Self.directory()
        defer { try? FileManager.default.removeItem(atPath: log) }
        let function = DurableFunction(
            "double",
            options: FunctionOptions(
                retention: RetentionPolicy(.history(for: .milliseconds(1), thenSummaryFor: nil)))
        ) { (number: Int, context: DurableContext) in
            try await context.step("multiply") { _ in number * 2 }
        }
        let engine = try await DurableEngine.open(at: log, functions: [function])
        let execution = try await engine.start(function, input: 21, name: "one")
        #expect(try await execution.result() == 42)
        while try await execution.description().historyTrimTime == nil { await Task.yield() }
        try await engine.close()

        let text = try await Tool.run(["execution", "history", "--data", log, "double/one"]).output
        #expect(text.contains("the history was trimmed at ") && text.contains("only its summary is left"))
        #expect(!text.contains("stepSucceeded") && text.contains("→ 42") && text.contains("historyTrimmed"))
        let json = try await Tool.run(["execution", "history", "--data", log, "double/one", "--json"]).output
        let lines = json.split(separator: "\n")
        #expect(lines.count == 3 && lines.allSatisfy { $0.contains(#""historyTrimmed":""#) })
        let shown = try await Tool.run(["execution", "get", "--data", log, "double/one"]).output
        #expect(shown.contains("trimmed      ") && shown.contains("result       42"))
        // Its start has a form of its own, and is counted all the same.
        #expect(try await Tool.run(["log", "stats", "--data", log, "--json"]).output.contains(#""executions":1"#))
    }

    @Test func `an execution whose start says more than the first form can has a history too`() async throws {
        let log = Self.directory()
        defer { try? FileManager.default.removeItem(atPath: log) }
        let function = DurableFunction("one", options: FunctionOptions(retention: .days(1))) {
            (_: DurableContext) in 1
        }
        let engine = try await DurableEngine.open(at: log, functions: [function])
        #expect(try await engine.start(function, name: "a", tenantID: "shop").result() == 1)
        try await engine.close()
        let history = try await Tool.run(["execution", "history", "--data", log, "one/a"])
        #expect(history.code == 0 && history.output.contains("executionStartedExtended"))
    }
}
