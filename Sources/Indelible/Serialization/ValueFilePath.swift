import ExecutionModel

/// Where below its directory a ``FileSerdes`` keeps a value, but for the value's own checksum.
struct ValueFilePath: Equatable, Sendable {
    /// Parts of the path, each a name that every file system takes.
    let directory: [String]
    /// What the file's name begins with; empty: nothing.
    let stem: String

    init(_ place: SerdesPlace, style: FileSerdes.PathStyle) {
        guard !place.executionID.isEmpty else {
            // No function is called that: an escaped name has no such character, and a hash neither.
            directory = ["@outside"]
            stem = ""
            return
        }
        directory = [place.functionName, place.executionName, place.executionID].map { Self.part($0, style) }
        stem = Self.part(place.operationID ?? "result", style)
    }

    /// - Parameter copy: Counts the names that are taken by other bytes, from 0.
    func name(checksum: RandomBits, copy: Int) -> String {
        let stem = stem.isEmpty ? "\(checksum)" : "\(stem).\(checksum)"
        return copy == 0 ? "\(stem).json" : "\(stem).\(copy).json"
    }

    private static func part(_ name: String, _ style: FileSerdes.PathStyle) -> String {
        switch style {
        case .readable: escaped(name)
        case .hashed: "\(SipHash128(of: name.utf8, key: RandomBits(high: 0, low: 0)).digest)"
        }
    }

    /// Percent-encoded as RFC 3986 does, and never empty, `.` or `..`.
    private static func escaped(_ name: String) -> String {
        guard !name.isEmpty else { return "%" }
        let isSpecial = name == "." || name == ".."
        var text = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: ".") where !isSpecial:
                text.append(".")
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return text
    }

    /// Whether a path that was read stays below the directory that it is joined to.
    static func isInside(_ path: String) -> Bool {
        !path.utf8.contains(0)
            && path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && $0 != "." && $0 != ".."
            }
    }
}
