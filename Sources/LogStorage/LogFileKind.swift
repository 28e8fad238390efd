/// The sorts of numbered files in a log's directory. SPEC.md §1.2 and §7 say what is in them.
package enum LogFileKind: String, CaseIterable, Sendable {
    /// Appended to, then sealed by its successor.
    case segment
    /// Written whole by compaction and for snapshots.
    case rewrite
    /// A sorted run of the index.
    case table
    /// Which files make up the log, and what the index covers.
    case manifest

    /// `00000007.table`: eight decimal digits, more where the number needs them. Each sort counts from 1 by itself.
    package func name(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 8 - digits.count)) + digits + "." + rawValue
    }

    /// The number of the file of that name; nil for any name that ``name(_:)`` does not give.
    package func number(of name: String) -> UInt64? {
        let suffix = "." + rawValue
        guard name.hasSuffix(suffix), let number = UInt64(name.dropLast(suffix.count)),
            (1...FormatLimits.fileNumberMax).contains(number)
        else { return nil }
        return self.name(number) == name ? number : nil
    }
}
