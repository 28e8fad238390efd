/// 128 bits that nobody can guess: drawn from the random source, or derived from such bits by ``SipHash128``.
package struct RandomBits: Hashable, Sendable {
    /// The first eight of the sixteen bytes, big-endian.
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Takes the same time wherever the bits differ, so that no check can be found byte by byte.
    package static func == (left: RandomBits, right: RandomBits) -> Bool {
        (left.high ^ right.high) | (left.low ^ right.low) == 0
    }
}
