import DemoPayments

/// Which calls go wrong, and how. Drawn from the seed, the key and the how-manieth call of that key it is, so that the
/// faults of an order do not depend on which other orders were faster.
struct Faults {
    enum Fault {
        case none
        /// The call fails and nothing is recorded.
        case before
        /// The effect is recorded, and the call fails all the same.
        case after
    }

    /// The most calls of one key that fail: a retry of ten attempts always gets through.
    static let perKeyMax = 3

    let seed: UInt64
    /// Of each kind, from 0 to 50 in 100 calls.
    let percent: Int
    private var callsOfKey: [String: Int] = [:]

    init(seed: UInt64, percent: Int) {
        self.seed = seed
        self.percent = percent
    }

    mutating func next(key: String) -> Fault {
        let call = callsOfKey[key, default: 0]
        callsOfKey[key] = call + 1
        if call >= Self.perKeyMax { return .none }
        var random = SplitMix64(seed: seed, text: "\(key)#\(call)")
        switch Int.random(in: 0..<100, using: &random) {
        case ..<percent: return .before
        case ..<(2 * percent): return .after
        default: return .none
        }
    }
}
