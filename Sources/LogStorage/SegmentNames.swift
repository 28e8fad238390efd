/// The names of a log's files within its directory. Anything else there is not ours.
package enum SegmentNames {
    /// The file that the owner of the directory locks. It stays empty.
    package static let lock = "lock"
    /// Counts the openings that have not succeeded yet; see ``RecoveryAttempts``.
    package static let recovery = "recovery"

    private static let temporarySuffix = ".tmp"

    /// `00000007.segment`: see ``LogFileKind/name(_:)``.
    package static func segment(_ number: UInt64) -> String {
        LogFileKind.segment.name(number)
    }

    /// The name of a segment that is being made: until it is renamed it holds nothing, and recovery removes it.
    package static func temporary(_ number: UInt64) -> String {
        temporary(segment(number))
    }

    /// The name under which any file of the log is made before it is renamed to `name`.
    package static func temporary(_ name: String) -> String {
        name + temporarySuffix
    }

    /// The number of the segment of that name; nil for any name that ``segment(_:)`` does not give.
    package static func number(ofSegment name: String) -> UInt64? {
        LogFileKind.segment.number(of: name)
    }

    /// The same for ``temporary(_:)-(UInt64)``.
    package static func number(ofTemporary name: String) -> UInt64? {
        name.hasSuffix(temporarySuffix) ? number(ofSegment: String(name.dropLast(temporarySuffix.count))) : nil
    }

    /// Whether a file of that name is one of ours in the making: it holds nothing, and the next opening removes it.
    package static func isTemporary(_ name: String) -> Bool {
        guard name.hasSuffix(temporarySuffix) else { return false }
        let made = String(name.dropLast(temporarySuffix.count))
        return made == recovery || LogFileKind.allCases.contains { $0.number(of: made) != nil }
    }
}
