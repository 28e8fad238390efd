extension UInt32 {
    /// `0x0027d1ba`: always eight digits, so that two of them compare at a glance.
    var hexadecimal: String {
        let digits = String(self, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
