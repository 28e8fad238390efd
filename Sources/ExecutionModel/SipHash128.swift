/// SipHash-2-4 with a 128-bit result (Aumasson and Bernstein, 2012): a keyed hash that tells nothing about its key, and
/// nothing about its other results to whoever does not hold the key.
///
/// Everything is derived by it that must be the same in every process and for ever: from an execution's secret, the
/// names that the world sees and cannot forge; in the SDK, idempotency keys, jitter and the ids of very long paths.
package struct SipHash128: Sendable {
    /// The result's 16 bytes in their order.
    package let digest: RandomBits

    /// - Parameter key: Its 16 bytes in the order of its text are the key.
    package init(of message: some Sequence<UInt8>, key: RandomBits) {
        // Both words of a key are little-endian.
        var state = State(key0: key.high.byteSwapped, key1: key.low.byteSwapped)
        var word: UInt64 = 0
        var length: UInt64 = 0
        for byte in message {
            word |= UInt64(byte) << (8 * (length & 7))
            length += 1
            if length & 7 == 0 {
                state.absorb(word)
                word = 0
            }
        }
        state.absorb(word | (length & 0xFF) << 56)
        let (first, second) = state.finish()
        digest = RandomBits(high: first.byteSwapped, low: second.byteSwapped)
    }

    /// The same of bytes that lie together, a word at a time: for whole values.
    package init(of message: [UInt8], key: RandomBits) {
        var state = State(key0: key.high.byteSwapped, key1: key.low.byteSwapped)
        let wordCount = message.count / 8
        message.withUnsafeBytes { bytes in
            for index in 0..<wordCount {
                state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
            }
        }
        var word = UInt64(truncatingIfNeeded: message.count) << 56
        for (index, byte) in message[(8 * wordCount)...].enumerated() { word |= UInt64(byte) << UInt64(8 * index) }
        state.absorb(word)
        let (first, second) = state.finish()
        digest = RandomBits(high: first.byteSwapped, low: second.byteSwapped)
    }

    /// Of the text followed by the number as four little-endian bytes.
    init(of purpose: String, numbered number: UInt32, key: RandomBits) {
        let bytes = (0..<4).lazy.map { UInt8(truncatingIfNeeded: number >> UInt32(8 * $0)) }
        self.init(of: Array(purpose.utf8) + bytes, key: key)
    }

    /// A number in 0 ..< 1, evenly spread.
    package var unitInterval: Double {
        Double(digest.high >> 11) * 0x1p-53
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        init(key0: UInt64, key1: UInt64) {
            v0 = 0x736f_6d65_7073_6575 ^ key0
            v1 = 0x646f_7261_6e64_6f6d ^ key1 ^ 0xEE
            v2 = 0x6c79_6765_6e65_7261 ^ key0
            v3 = 0x7465_6462_7974_6573 ^ key1
        }

        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            rounds(2)
            v0 ^= word
        }

        mutating func finish() -> (first: UInt64, second: UInt64) {
            v2 ^= 0xEE
            rounds(4)
            let first = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xDD
            rounds(4)
            return (first, v0 ^ v1 ^ v2 ^ v3)
        }

        private mutating func rounds(_ count: Int) {
            for _ in 0..<count {
                v0 &+= v1
                v1 = v1.rotated(left: 13) ^ v0
                v0 = v0.rotated(left: 32)
                v2 &+= v3
                v3 = v3.rotated(left: 16) ^ v2
                v0 &+= v3
                v3 = v3.rotated(left: 21) ^ v0
                v2 &+= v1
                v1 = v1.rotated(left: 17) ^ v2
                v2 = v2.rotated(left: 32)
            }
        }
    }
}

extension UInt64 {
    fileprivate func rotated(left bits: UInt64) -> UInt64 {
        self << bits | self >> (64 - bits)
    }
}
