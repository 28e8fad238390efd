import ExecutionModel

/// SipHash-2-4 with a 128-bit result: a keyed hash that tells nothing about its key.
///
/// The SDK derives from it what must be the same in every process and for ever: idempotency keys and jitter, under an
/// execution's random bits, and the ids of very long operation paths, under a key of zeros.
struct SipHash128 {
    var high: UInt64
    var low: UInt64

    init(of message: some Sequence<UInt8>, key: RandomBits) {
        var state = State(key0: key.low, key1: key.high)
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
        (low, high) = state.finish()
    }

    /// 32 lower-case hexadecimal digits, the result's bytes in their order.
    var hexadecimal: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(32)
        for word in [low, high] {
            for shift in stride(from: 0, to: 64, by: 8) {
                let byte = UInt8(truncatingIfNeeded: word >> UInt64(shift))
                digits.append(Self.digit(byte >> 4))
                digits.append(Self.digit(byte & 15))
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// A number in 0 ..< 1, evenly spread.
    var unitInterval: Double {
        Double(low >> 11) * 0x1p-53
    }

    private static func digit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
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
