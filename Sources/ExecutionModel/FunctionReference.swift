/// A function as a caller names it: `name`, `name:qualifier`, `account:function:name[:qualifier]`, or its whole Amazon
/// Resource Name.
package struct FunctionReference: Hashable, Sendable {
    /// Given with a Resource Name alone.
    package var region: String?
    package var account: String?
    package var name: String
    /// `$LATEST`, a version's number, or an alias; nil when the caller leaves it open.
    package var qualifier: String?

    package init(name: String, qualifier: String? = nil) {
        self.name = name
        self.qualifier = qualifier
    }
}

extension FunctionReference {
    /// Nil for what names no function in any of these forms.
    package init?(_ text: some StringProtocol) {
        guard (1...Self.lengthMax).contains(text.utf8.count) else { return nil }
        let all: [String] = text.split(separator: ":" as Character, omittingEmptySubsequences: false).map { String($0) }
        guard !all.contains("") else { return nil }
        var parts = all[...]
        var region: String?
        var account: String?
        // A function may have that name.
        if parts.first == "arn", parts.count > 2 {
            guard parts.count >= 7, parts[2] == "lambda" else { return nil }
            region = parts[3]
            parts = parts.dropFirst(4)
        }
        if parts.count >= 3, parts[parts.startIndex + 1] == "function" {
            account = parts[parts.startIndex]
            parts = parts.dropFirst(2)
        }
        guard (1...2).contains(parts.count), region == nil || account != nil, let name = parts.first else { return nil }
        guard account.map({ Self.isAccount($0) }) ?? true, name.isFunctionName,
            parts.count == 1 || parts[parts.endIndex - 1].isQualifier
        else { return nil }
        self.init(name: name, qualifier: parts.count == 2 ? parts.last : nil)
        self.region = region
        self.account = account
    }

    /// Characters of any form.
    package static let lengthMax = 256

    private static func isAccount(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}

extension String {
    /// 1 to ``Limits/functionNameLengthMax`` characters of `[a-zA-Z0-9-_]`.
    fileprivate var isFunctionName: Bool { isIdentifier(Limits.functionNameLengthMax) }

    /// `$LATEST`, a number, or an alias.
    fileprivate var isQualifier: Bool { self == "$LATEST" || isIdentifier(128) }

    /// `$LATEST`, or digits.
    package var isVersion: Bool {
        self == "$LATEST"
            || (1...Limits.versionLengthMax).contains(utf8.count)
                && utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    /// 1 to `limit` characters of `[a-zA-Z0-9-_]`.
    package func isIdentifier(_ limit: Int) -> Bool {
        (1...limit).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    /// 1 to `limit` characters from space to tilde.
    package func isPrintableASCII(_ limit: Int) -> Bool {
        (1...limit).contains(utf8.count) && utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// 1 to ``Limits/tenantIDLengthMax`` characters that AWS allows in a tenant's id.
    package var isTenantID: Bool {
        (1...Limits.tenantIDLengthMax).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "._:/=+-@ ".utf8.contains(byte)
                }
            }
    }
}
