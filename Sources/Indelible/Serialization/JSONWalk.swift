/// Walks through bytes that may be JSON or not, and stops where they are not.
struct JSONWalk {
    /// Deeper than any value that Foundation's coder reads.
    private static let depthMax = 512

    private let bytes: [UInt8]
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        skipSpace()
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }
    var isAtEnd: Bool { position == bytes.count }

    /// Passes one value, and tells of the fields in it. False: it is no JSON.
    ///
    /// - Parameters:
    ///   - decide: What becomes of the field at a path, whose parent is shown or not.
    ///   - show: Takes a value that is shown; nil: masked.
    mutating func value(
        at path: [[UInt8]], isVisible: Bool = false,
        _ decide: ([[UInt8]], Bool) -> JSONPreview.Decision, _ show: ([[UInt8]], ArraySlice<UInt8>?) -> Void
    ) -> Bool {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.depthMax else { return false }
        let start = position
        switch next {
        case UInt8(ascii: "{"):
            return list(until: UInt8(ascii: "}")) { walk in
                guard let key = walk.string(), walk.take(UInt8(ascii: ":")) else { return false }
                let inner = path + [key]
                switch decide(inner, isVisible) {
                case .leaveOut: return walk.value(at: inner, { _, _ in .leaveOut }, { _, _ in })
                case .mask:
                    show(inner, nil)
                    return walk.value(at: inner, { _, _ in .leaveOut }, { _, _ in })
                case .look(let isVisible): return walk.value(at: inner, isVisible: isVisible, decide, show)
                }
            }
        case UInt8(ascii: "["):
            var hasObject = false
            let isWhole = list(until: UInt8(ascii: "]")) { walk in
                let isNested = walk.next == UInt8(ascii: "{") || walk.next == UInt8(ascii: "[")
                hasObject = hasObject || isNested
                // Its scalars are shown with the array, or not at all.
                return walk.value(at: path, isVisible: isNested && isVisible, decide, show)
            }
            if isWhole, !hasObject, isVisible, !path.isEmpty { show(path, trimmed(start)) }
            return isWhole
        default:
            guard scalar() else { return false }
            if isVisible, !path.isEmpty { show(path, trimmed(start)) }
            return true
        }
    }

    private func trimmed(_ start: Int) -> ArraySlice<UInt8> {
        var end = position
        while end > start, Self.isSpace(bytes[end - 1]) { end -= 1 }
        return bytes[start..<end]
    }

    /// Passes the items between two brackets.
    private mutating func list(until end: UInt8, _ item: (inout JSONWalk) -> Bool) -> Bool {
        position += 1
        skipSpace()
        if take(end) { return true }
        while item(&self) {
            if take(end) { return true }
            guard take(UInt8(ascii: ",")) else { return false }
        }
        return false
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        skipSpace()
        return true
    }

    /// Passes a string and gives it with its quotes.
    private mutating func string() -> [UInt8]? {
        guard next == UInt8(ascii: "\"") else { return nil }
        let start = position
        position += 1
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { return nil }
            position += byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else { return nil }
        position += 1
        let text = Array(bytes[start..<position])
        skipSpace()
        return text
    }

    private mutating func scalar() -> Bool {
        if next == UInt8(ascii: "\"") { return string() != nil }
        let start = position
        while let byte = next, !Self.isSpace(byte), !",]}:\"[{".utf8.contains(byte) { position += 1 }
        let text = bytes[start..<position]
        skipSpace()
        return ["null", "true", "false"].contains { text.elementsEqual($0.utf8) }
            || Double(String(decoding: text, as: UTF8.self)) != nil && text.allSatisfy("0123456789-+.eE".utf8.contains)
    }

    private mutating func skipSpace() {
        while let byte = next, Self.isSpace(byte) { position += 1 }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
