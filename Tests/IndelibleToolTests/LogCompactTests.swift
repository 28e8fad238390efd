import Foundation
import Testing

@Suite struct LogCompactTests {
    @Test(arguments: [[], ["--all"]])
    func `a log that is compacted tells the same afterwards`(options: [String]) async throws {
        let directory = try await Tool.makeLog()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let looks = [
            ["execution", "list", "--data", directory, "--json"],
            ["execution", "history", "--data", directory, "double/one", "--json"],
            ["execution", "get", "--data", directory, "ask/open", "--json"],
        ]
        var before: [String] = []
        for look in looks { before.append(try await Tool.run(look).output) }
        let compaction = try await Tool.run(["log", "compact", "--data", directory, "--json"] + options)
        #expect(compaction.code == 0 && compaction.output.contains("\"complete\":true"), "\(compaction)")
        for (look, before) in zip(looks, before) { #expect(try await Tool.run(look).output == before) }
        #expect(try await Tool.run(["log", "verify", "--data", directory]).code == 0)
    }

    @Test func `what is no log is not compacted, and stays what it is`() async throws {
        let directory = FileManager.default.temporaryDirectory.path + "/indelible-tool-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(try await Tool.run(["log", "compact", "--data", directory]).code == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory).isEmpty)
    }
}
