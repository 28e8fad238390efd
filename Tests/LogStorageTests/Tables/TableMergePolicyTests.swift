import Testing

@testable import LogStorage

@Suite struct TableMergePolicyTests {
    @Test(
        arguments: [
            ([], nil), ([5], nil), ([5, 6], nil), ([5, 5], 0..<2), ([6, 5], 0..<2), ([1, 2, 4, 8], nil),
            ([1, 1, 2, 4, 100], 0..<4), ([1, 3, 4, 100], 0..<3), ([1, 3, 5, 9], 0..<4), ([1, 3, 5, 10, 19], 0..<5),
        ] as [([Int], Range<Int>?)])
    func `runs merge with the newer ones once those have as many bytes together`(
        byteCounts: [Int], expected: Range<Int>?
    ) {
        #expect(TableMergePolicy.runsToMerge(byteCounts: byteCounts) == expected)
    }

    @Test func `too many runs merge the two that differ least`() {
        var byteCounts = (0..<11).map { 1 << (3 * $0) }
        #expect(TableMergePolicy.runsToMerge(byteCounts: Array(byteCounts[..<10])) == nil)
        #expect(TableMergePolicy.runsToMerge(byteCounts: byteCounts) == 0..<2)
        byteCounts[6] = byteCounts[5] * 7
        #expect(TableMergePolicy.runsToMerge(byteCounts: byteCounts) == 5..<7)
    }

    struct Load: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var first: [Int] = []
        var count: Int
        /// Sizes of the flushes, as powers of two.
        var powers: ClosedRange<Double>
    }

    @Test(
        arguments: [
            Load(testDescription: "equal flushes", count: 3_000, powers: 10...10),
            Load(testDescription: "flushes of all sizes", count: 3_000, powers: 0...20),
            Load(testDescription: "small flushes on a huge index", first: [1 << 36], count: 3_000, powers: 8...12),
            Load(
                testDescription: "a run of each size", first: (0..<36).map { 1 << (36 - $0) }, count: 3_000,
                powers: 0...1),
        ])
    func `there are at most ten runs, and an entry is rewritten a logarithmic number of times`(load: Load) {
        var random = SplitMix64(seed: 1)
        var runs: [(byteCount: Int, rewrites: Int)] = []
        var total = 0
        var rewritten = 0
        for index in 0..<load.first.count + load.count {
            let power = Double.random(in: load.powers, using: &random)
            let power2 = 1 << Int(power)
            let byteCount =
                index < load.first.count
                ? load.first[index] : power2 + Int(Double(power2) * (power - power.rounded(.down)))
            total += byteCount
            runs.insert((byteCount, 0), at: 0)
            while let range = TableMergePolicy.runsToMerge(byteCounts: runs.map(\.byteCount)) {
                let merged = runs[range].reduce(0) { $0 + $1.byteCount }
                rewritten += merged
                runs.replaceSubrange(range, with: [(merged, runs[range].map(\.rewrites).max()! + 1)])
            }
            #expect(runs.count <= TableMergePolicy.runCountMax)
        }
        #expect(rewritten <= 8 * total, "write amplification \(Double(rewritten) / Double(total))")
        // Three thousand flushes double a run twelve times; the limit on runs costs a few more.
        #expect(runs.map(\.rewrites).max()! <= 20)
    }
}
