/// The names of a log's files within its directory. Anything else there is not ours.
package enum SegmentNames {
    /// The file that the owner of the directory locks. It stays empty.
    package static let lock = "lock"

    private static let suffix = ".segment"
    private static let temporarySuffix = ".tmp"

    /// `00000007.segment`: eight decimal digits, more where the number needs them.
    package static func segment(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + suffix
    }

    /// The name of a segment that is being made: until it is renamed it holds nothing, and recovery removes it.
    package static func temporary(_ number: UInt64) -> String {
        segment(number) + temporarySuffix
    }

    /// The number of the segment of that name; nil for any name that ``segment(_:)`` does not give.
    package static func number(ofSegment name: String) -> UInt64? {
        guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)), number > 0 else { return nil }
        return segment(number) == name ? number : nil
    }

    /// The same for ``temporary(_:)``.
    package static func number(ofTemporary name: String) -> UInt64? {
        guard name.hasSuffix(temporarySuffix) else { return nil }
        return number(ofSegment: String(name.dropLast(temporarySuffix.count)))
    }
}
