/// Values whose JSON is written and read here: a step's result is most often one of them, and Foundation's coder takes
/// ten times as long.
///
/// The bytes are those that Foundation's encoder gives. A nil answer, either way, means: ask Foundation.
protocol JSONScalar {
    var jsonBytes: [UInt8]? { get }
    init?(jsonBytes: [UInt8])
}

extension JSONScalar where Self: FixedWidthInteger {
    var jsonBytes: [UInt8]? { Array(description.utf8) }

    init?(jsonBytes bytes: [UInt8]) {
        // Only digits, after an optional minus: `+1` and `007` parse as integers but are no JSON.
        let digits = bytes.first == UInt8(ascii: "-") ? bytes.dropFirst() : bytes[...]
        guard let first = digits.first, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            first != UInt8(ascii: "0") || digits.count == 1
        else { return nil }
        self.init(String(decoding: bytes, as: UTF8.self))
    }
}

extension Int: JSONScalar {}
extension Int64: JSONScalar {}
extension Int32: JSONScalar {}
extension UInt: JSONScalar {}
extension UInt64: JSONScalar {}
extension UInt32: JSONScalar {}

extension Bool: JSONScalar {
    private static let bytesOfTrue = Array("true".utf8)
    private static let bytesOfFalse = Array("false".utf8)

    var jsonBytes: [UInt8]? { self ? Self.bytesOfTrue : Self.bytesOfFalse }

    init?(jsonBytes: [UInt8]) {
        switch jsonBytes {
        case Self.bytesOfTrue: self = true
        case Self.bytesOfFalse: self = false
        default: return nil
        }
    }
}

extension Double: JSONScalar {
    var jsonBytes: [UInt8]? {
        guard isFinite else { return nil }
        let text = description
        return Array((text.hasSuffix(".0") ? text.dropLast(2) : text[...]).utf8)
    }

    init?(jsonBytes: [UInt8]) {
        // Foundation reads numbers; this reads back what `jsonBytes` writes.
        let allowed = "0123456789-+.e".utf8
        guard jsonBytes.allSatisfy(allowed.contains),
            let value = Double(String(decoding: jsonBytes, as: UTF8.self)), value.jsonBytes == jsonBytes
        else { return nil }
        self = value
    }
}

extension String: JSONScalar {
    var jsonBytes: [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count + 2)
        bytes.append(UInt8(ascii: "\""))
        for byte in utf8 {
            // Control characters are rare: their escapes are Foundation's.
            guard byte >= 0x20 else { return nil }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
        return bytes
    }

    init?(jsonBytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        guard jsonBytes.count >= 2, jsonBytes.first == quote, jsonBytes.last == quote else { return nil }
        let inner = jsonBytes.dropFirst().dropLast()
        guard inner.allSatisfy({ $0 >= 0x20 && $0 != quote && $0 != UInt8(ascii: "\\") }) else { return nil }
        self.init(validating: inner, as: UTF8.self)
    }
}

extension Optional: JSONScalar where Wrapped: JSONScalar {
    var jsonBytes: [UInt8]? {
        switch self {
        case let value?: value.jsonBytes
        case nil: JSONSerdes.null
        }
    }

    init?(jsonBytes: [UInt8]) {
        if jsonBytes == JSONSerdes.null {
            self = .none
            return
        }
        guard let value = Wrapped(jsonBytes: jsonBytes) else { return nil }
        self = .some(value)
    }
}
