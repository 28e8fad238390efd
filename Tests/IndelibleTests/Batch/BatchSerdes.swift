import Indelible

/// Writes `{"wrapped":…}` around JSON.
struct WrappingSerdes: Serdes {
    private static let (head, tail) = (Array(#"{"wrapped":"#.utf8), Array("}".utf8))

    func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        Self.head + (try JSONSerdes().encode(value, for: place) ?? []) + Self.tail
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws -> Value {
        let inner = (bytes ?? []).dropFirst(Self.head.count).dropLast(Self.tail.count)
        return try JSONSerdes().decode(type, from: Array(inner), for: place)
    }
}

/// Writes `wrapped:` before a text.
struct PrefixingSerdes: Serdes {
    struct NoText: Error {}

    func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        guard let text = value as? String else { throw NoText() }
        return Array("wrapped:\(text)".utf8)
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws -> Value {
        let text = String(decoding: bytes ?? [], as: UTF8.self)
        guard text.hasPrefix("wrapped:"), let value = String(text.dropFirst(8)) as? Value else { throw NoText() }
        return value
    }
}

/// Writes the results of a batch of texts as one line, `OPSERDE:X,Y`: its items must all have succeeded.
struct JoiningSerdes: Serdes {
    struct NoBatch: Error {}

    func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        guard let batch = value as? BatchResult<String> else { throw NoBatch() }
        return Array("OPSERDE:\(batch.results.joined(separator: ","))".utf8)
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws -> Value {
        let text = String(decoding: bytes ?? [], as: UTF8.self)
        guard text.hasPrefix("OPSERDE:") else { throw NoBatch() }
        let items = text.dropFirst(8).split(separator: ",").enumerated().map { index, text in
            #"{"index":\#(index),"result":"\#(text)","status":"SUCCEEDED"}"#
        }
        let json = #"{"all":[\#(items.joined(separator: ","))],"completionReason":"ALL_COMPLETED"}"#
        return try JSONSerdes().decode(type, from: Array(json.utf8), for: place)
    }
}

/// Writes JSON and so much after it that the record of a batch leaves it out.
struct PaddingSerdes: Serdes {
    struct ReadBack: Error {}

    func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        (try JSONSerdes().encode(value, for: place) ?? []) + [UInt8](repeating: UInt8(ascii: " "), count: 256 << 10)
    }

    /// Nobody reads what is not recorded.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws -> Value {
        throw ReadBack()
    }
}
