extension RandomBits: CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    package var description: String {
        String(unsafeUninitializedCapacity: 32) { digits in
            for (index, half) in [high, low].enumerated() {
                for digit in 0..<16 {
                    let value = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * digit)) & 0xF
                    digits[16 * index + digit] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
                }
            }
            return 32
        }
    }

    /// Reads what ``description`` wrote; nil for anything else, capital digits included.
    package init?(_ text: some StringProtocol) {
        var halves: (UInt64, UInt64) = (0, 0)
        var count = 0
        for byte in text.utf8 {
            let value: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            if count < 16 { halves.0 = halves.0 << 4 | UInt64(value) } else { halves.1 = halves.1 << 4 | UInt64(value) }
            count += 1
            if count > 32 { return nil }
        }
        guard count == 32 else { return nil }
        self.init(high: halves.0, low: halves.1)
    }
}

extension ExecutionNumber: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

extension ExecutionID: CustomStringConvertible {
    /// `<number>-<32 hexadecimal digits>`.
    package var description: String { "\(number)-\(check)" }

    /// Reads what ``description`` wrote; nil for anything else, so that an execution has one spelling.
    package init?(_ text: some StringProtocol) {
        guard let dash = text.firstIndex(of: "-") else { return nil }
        let digits = text[..<dash]
        guard let number = UInt64(digits), String(number) == digits,
            let check = RandomBits(text[text.index(after: dash)...])
        else { return nil }
        self.init(number: ExecutionNumber(number), check: check)
    }
}
