/// Which runs to merge, so that a lookup sees few of them and an entry is rewritten seldom.
///
/// Left alone, each run is larger than all newer ones together, so their number is logarithmic; and a run takes part in a
/// merge only with as many bytes of newer runs as it has itself, so an entry is rewritten each time its run doubles.
/// That allows more than ``runCountMax`` runs only where the oldest has 500 times the bytes of the newest; then two
/// neighbours are merged that differ least, since the smaller pays for the larger.
enum TableMergePolicy {
    static let runCountMax = 10

    /// - Parameter byteCounts: Of the runs, newest first.
    static func runsToMerge(byteCounts: [Int]) -> Range<Int>? {
        var newer = 0
        var end = 0
        for (index, byteCount) in byteCounts.enumerated() {
            if index > 0 && byteCount <= newer { end = index + 1 }
            newer += byteCount
        }
        if end > 0 { return 0..<end }
        guard byteCounts.count > runCountMax else { return nil }
        // Each is larger than the one before it, and none is empty.
        let start = (0..<byteCounts.count - 1).min { left, right in
            let ratio = { (index: Int) in Double(byteCounts[index + 1]) / Double(byteCounts[index]) }
            return ratio(left) < ratio(right)
        }
        return start.map { $0..<$0 + 2 }
    }
}
