/// Copies valid JSON and blanks out the values of chosen fields.
struct JSONRedaction: Sendable {
    /// Keys and dotted paths, as they stand between the quotes in JSON.
    private let fields: Set<String>

    init(fields: [String]) {
        self.fields = Set(fields)
    }

    /// - Parameter json: One JSON value, as an encoder made it: its structure is relied on.
    func apply(to json: [UInt8]) -> [UInt8] {
        var copy = Copy(source: json, fields: fields)
        copy.value(path: [], isRedacted: false)
        return copy.output
    }

    private struct Copy {
        let source: [UInt8]
        let fields: Set<String>
        var position = 0
        var output: [UInt8] = []

        mutating func value(path: [String], isRedacted: Bool) {
            switch source[position] {
            case UInt8(ascii: "{"): object(path: path, isRedacted: isRedacted)
            case UInt8(ascii: "["): array(path: path, isRedacted: isRedacted)
            default: scalar(isRedacted: isRedacted)
            }
        }

        private mutating func object(path: [String], isRedacted: Bool) {
            copyByte()
            while source[position] != UInt8(ascii: "}") {
                if source[position] == UInt8(ascii: ",") { copyByte() }
                let key = string()
                output.append(contentsOf: key)
                copyByte()  // The colon.
                let name = JSONRedaction.text(of: key)
                let inner = path + [name]
                let isNamed = fields.contains(name) || fields.contains(inner.joined(separator: "."))
                value(path: inner, isRedacted: isRedacted || isNamed)
            }
            copyByte()
        }

        private mutating func array(path: [String], isRedacted: Bool) {
            copyByte()
            while source[position] != UInt8(ascii: "]") {
                if source[position] == UInt8(ascii: ",") { copyByte() }
                value(path: path, isRedacted: isRedacted)
            }
            copyByte()
        }

        private mutating func scalar(isRedacted: Bool) {
            let text: ArraySlice<UInt8>
            if source[position] == UInt8(ascii: "\"") {
                text = string()
            } else {
                let start = position
                while position < source.count, !",]}".utf8.contains(source[position]) { position += 1 }
                text = source[start..<position]
            }
            output.append(contentsOf: isRedacted ? JSONRedaction.blank(for: text) : text)
        }

        /// Steps over a string and returns it with its quotes.
        private mutating func string() -> ArraySlice<UInt8> {
            let start = position
            position += 1
            while source[position] != UInt8(ascii: "\"") {
                position += source[position] == UInt8(ascii: "\\") ? 2 : 1
            }
            position += 1
            return source[start..<position]
        }

        private mutating func copyByte() {
            output.append(source[position])
            position += 1
        }
    }

    private static func blank(for scalar: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        switch scalar.first {
        case UInt8(ascii: "\""): Array("\"***\"".utf8)[...]
        case UInt8(ascii: "n"): scalar  // null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): Array("false".utf8)[...]
        default: Array("0".utf8)[...]
        }
    }

    /// The name that a key between its quotes stands for.
    static func text(of key: ArraySlice<UInt8>) -> String {
        String(jsonBytes: Array(key)) ?? String(decoding: key.dropFirst().dropLast(), as: UTF8.self)
    }
}
