import DemoPayments

/// When the worker is killed: the first time soon after it starts, the others at random points of the work, each with a
/// random delay so that any moment of a commit can be hit.
struct KillPlan {
    /// How many entries the gateway's ledger must have before the next kill; ascending.
    private var thresholds: [Int]
    private var random: SplitMix64

    init(kills: Int, entries: Int, seed: UInt64) {
        var random = SplitMix64(seed: seed, text: "kills")
        let last = entries * 9 / 10
        thresholds = (0..<kills).map { $0 == 0 ? 0 : Int.random(in: 0...last, using: &random) }.sorted()
        self.random = random
    }

    /// How long to wait before the kill that is due now that the ledger has `entries`; nil when none is.
    mutating func delay(entries: Int) -> Duration? {
        guard let next = thresholds.first, entries >= next else { return nil }
        thresholds.removeFirst()
        return .microseconds(Int.random(in: 0...400_000, using: &random))
    }
}
