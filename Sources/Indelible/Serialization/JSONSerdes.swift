#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// JSON, in one form only: the same value gives the same bytes in every process.
///
/// Keys are sorted, slashes are not escaped, nothing is indented, data is base64, and a date is ISO 8601 in UTC with
/// milliseconds (`2025-12-01T09:30:00.000Z`; finer fractions are rounded). No bytes read as `null`.
///
/// But for a `Set`, and a dictionary whose keys are neither strings nor integers: Swift encodes them as arrays, in an order
/// that differs from process to process. Use arrays, and sorted ones, where bytes are compared: in inputs.
public struct JSONSerdes: Serdes {
    public init() {}

    public func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        try Self.encode(value)
    }

    public func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
    ) throws -> Value {
        try Self.decode(type, from: bytes)
    }

    static func encode<Value: Encodable>(_ value: Value) throws -> [UInt8] {
        if let scalar = value as? any JSONScalar {
            if let bytes = scalar.jsonBytes { return bytes }
        }
        return Array(try encoder.encode(value))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?) throws -> Value {
        let bytes = bytes ?? null
        if let scalar = type as? any JSONScalar.Type, let decoded = scalar.init(jsonBytes: bytes),
            let value = decoded as? Value
        {
            return value
        }
        return try decoder.decode(type, from: Data(bytes))
    }

    static let null = Array("null".utf8)

    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .custom { date, encoder in
            guard let text = ISO8601Milliseconds.text(of: date) else {
                throw EncodingError.invalidValue(
                    date, .init(codingPath: encoder.codingPath, debugDescription: "the date is not in years 0 to 9999"))
            }
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
        return encoder
    }()

    private static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            guard let date = ISO8601Milliseconds.date(from: text) else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "'\(text)' is no ISO 8601 date and time with a zone")
            }
            return date
        }
        return decoder
    }()
}

extension Serdes where Self == JSONSerdes {
    /// Canonical JSON: see ``JSONSerdes``.
    public static var json: JSONSerdes { JSONSerdes() }
}
