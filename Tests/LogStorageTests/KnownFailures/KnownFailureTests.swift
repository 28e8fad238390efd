import Foundation
import Testing

@testable import LogStorage

/// SPEC.md's appendix names, for each known failure of another log, the tests that show that it does not happen here.
@Suite struct KnownFailureTests {
    private struct Row {
        var number: Int
        var answer: String
        /// `Suite` and name of each test.
        var tests: [(suite: String, name: String)]
    }

    private static let rows: [Row] = {
        guard let start = LogSpecificationTests.page.range(of: "\n## Appendix. Known failures") else { return [] }
        return LogSpecificationTests.page[start.upperBound...].split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 3, let number = Int(cells[0]) else { return nil }
            let tests = cells[2].matches(of: /`(\w+)`: \*([^*]+)\*/).map { (String($0.1), String($0.2)) }
            return Row(number: number, answer: cells[2], tests: tests)
        }
    }()

    /// The bodies of the files that tests are in.
    private static let sources: [String] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects ?? []
        return files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .compactMap { try? String(contentsOf: $0, encoding: .utf8) }
    }()

    @Test func `every failure has a test, and a test of that name exists`() {
        #expect(Self.rows.map(\.number) == Array(1...25))
        for row in Self.rows {
            #expect(!row.tests.isEmpty, "\(row.number) names no test")
            // Whatever looks like a test's name is one.
            #expect(row.answer.count(where: { $0 == "*" }) == 2 * row.tests.count, "\(row.number)")
            for (suite, name) in row.tests {
                let isThere = Self.sources.contains { source in
                    source.contains("struct \(suite) {") && source.contains("func `\(name)`(")
                }
                #expect(isThere, "\(row.number): \(suite) has no test '\(name)'")
            }
        }
    }

    @Test func `a log is durable unless somebody says otherwise`() {
        #expect(LogOptions().durability == .durable)
    }
}
