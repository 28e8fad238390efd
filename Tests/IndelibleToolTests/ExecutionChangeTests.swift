import Foundation
import Indelible
import Testing

@Suite struct ExecutionChangeTests {
    /// What `execution get --json` says of the execution that waits.
    private static func shown(_ log: String) async throws -> String {
        try await Tool.run(["execution", "get", "--data", log, "ask/open", "--json"]).output
    }

    @Test func `an execution is paused, resumed, asked to end, stopped and deleted, each once`() async throws {
        let log = try await Tool.makeLog()
        defer { try? FileManager.default.removeItem(atPath: log) }
        func change(_ verb: String, _ arguments: String...) async throws -> (code: Int32, output: String) {
            try await Tool.run(["execution", verb, "--data", log, "ask/open"] + arguments)
        }

        #expect(try await change("delete").code == 1)
        #expect(try await change("resume").code == 1)
        #expect(try await change("pause", "--reason", "audit") == (0, "execution ask/open paused"))
        #expect(try await change("pause").code == 1)
        let paused = try await Self.shown(log)
        #expect(paused.contains(#""status":"PAUSED""#) && paused.contains("paused: audit"))
        #expect(try await change("resume", "--json").output.contains(#""done":"resumed""#))
        #expect(try await Self.shown(log).contains(#""status":"RUNNING""#))
        #expect(try await change("cancel", "--reason", "no stock").code == 0)
        #expect(try await Self.shown(log).contains(#""cancelRequested":""#))
        #expect(try await change("stop", "--type", "Operator", "--message", "entered twice").code == 0)
        let stopped = try await Self.shown(log)
        #expect(stopped.contains(#""status":"STOPPED""#) && stopped.contains("entered twice"))
        let history = try await Tool.run(["execution", "history", "--data", log, "ask/open"]).output
        for event in ["executionPaused", "since audit", "executionResumed", "since no stock", "executionStopped"] {
            #expect(history.contains(event), "\(event)")
        }
        #expect(try await change("delete").code == 0)
        #expect(try await change("delete").code == 1)
        #expect(try await Tool.run(["execution", "get", "--data", log, "ask/open"]).code == 1)
        #expect(try await Tool.run(["log", "verify", "--data", log]).code == 0)
    }

    @Test func `a held execution shows where the replay parted from the history, and what to do`() async throws {
        let log = FileManager.default.temporaryDirectory.path + "/indelible-tool-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: log) }
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        func function(_ name: String) -> DurableFunction<Void, Void> {
            DurableFunction("pay") { (context: DurableContext) in
                try await context.step("authorize") { _ in }
                try await context.step(name) { _ in }
                try await context.step("until the engine is closed") { _ in
                    begin.yield()
                    try await Task.sleep(for: .seconds(3_600))
                }
            }
        }
        var engine = try await DurableEngine.open(at: log, functions: [function("charge")])
        let execution = try await engine.start(function("charge"), name: "one")
        for await _ in begun { break }
        try await engine.close(grace: .zero)
        engine = try await DurableEngine.open(at: log, functions: [function("capture")])
        let reopened = try #require(try await engine.execution(id: execution.id, of: function("capture")))
        while try await reopened.description().standing.code != .held { await Task.yield() }
        try await engine.close()

        let text = try await Tool.run(["execution", "get", "--data", log, "pay/one"]).output
        for line in [
            "recorded     Step 'charge' at 2", "asked for    Step 'capture' at 2",
            "agreed       up to Step 'authorize' at 1",
            "likely       it looks renamed", "context.patched(_:)",
        ] {
            #expect(text.contains(line), "\(line)\n\(text)")
        }
        let json = try await Tool.run(["execution", "get", "--data", log, "pay/one", "--json"]).output
        #expect(json.contains(#""agreed":["Step 'authorize' at 1"]"#) && json.contains(#""operation":"2""#))
    }
}
