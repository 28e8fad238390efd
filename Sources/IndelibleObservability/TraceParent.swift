/// The header of W3C Trace Context, version 00: `00-<trace id>-<parent id>-<flags>`.
struct TraceParent: Hashable, Sendable {
    static let key = "traceparent"

    /// 32 lower-case hexadecimal digits, not all zero.
    let traceID: String
    /// The span that what comes next hangs on: 16 lower-case hexadecimal digits, not all zero.
    let parentID: String
    let isSampled: Bool

    init(traceID: String, parentID: String, isSampled: Bool) {
        self.traceID = traceID
        self.parentID = parentID
        self.isSampled = isSampled
    }

    /// Reads a header; nil for anything else. Of a later version, what it shares with this one.
    init?(_ header: String) {
        let parts = header.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHexadecimal(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            Self.isHexadecimal(parts[1], 32), Self.isHexadecimal(parts[2], 16), Self.isHexadecimal(parts[3], 2),
            let flags = UInt8(parts[3], radix: 16), parts[1].contains(where: { $0 != "0" }),
            parts[2].contains(where: { $0 != "0" })
        else { return nil }
        self.init(traceID: String(parts[1]), parentID: String(parts[2]), isSampled: flags & 1 == 1)
    }

    private static func isHexadecimal(_ text: Substring, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.allSatisfy("0123456789abcdef".utf8.contains)
    }
}

extension TraceParent: CustomStringConvertible {
    var description: String { "00-\(traceID)-\(parentID)-\(isSampled ? "01" : "00")" }
}
