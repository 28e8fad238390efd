import Testing

@testable import IndelibleTesting

/// What `crashEverywhere` says of itself.
@Suite struct CrashReportTests {
    static let report = CrashReport(seed: 7, pointCount: 3, runCount: 13)

    @Test func `a report says how to have its runs again, and how many they were`() {
        #expect("\(Self.report)" == "seed 7: 13 runs, interrupted at 3 points")
    }

    @Test(arguments: [(1, 0), (20, 0), (21, 1), (25, 5)])
    func `a failure shows 20 differences and counts the rest`(count: Int, leftOut: Int) {
        let differences = (1...count).map { "difference \($0)" }
        let lines = "\(CrashEverywhereError(report: Self.report, differences: differences))".split(separator: "\n")
        #expect(lines.first == "\("\(Self.report)"); \(count) differences:")
        #expect(
            lines.dropFirst().prefix(count - leftOut).map { $0.dropFirst(2) } == differences.prefix(20).map { $0[...] })
        #expect(lines.contains("  and \(leftOut) more") == (leftOut > 0))
        #expect(lines.count == 2 + count - leftOut + (leftOut > 0 ? 1 : 0))
        #expect(lines.last == "run it again with seed: 7")
    }
}
