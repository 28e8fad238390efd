#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Bytes as they are: for `[UInt8]`, `Data` and, as UTF-8, `String`. Any other type is a ``SerdesError``.
public struct BytesSerdes: Serdes {
    public init() {}

    public func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        switch value {
        case let bytes as [UInt8]: return bytes
        case let data as Data: return Array(data)
        case let text as String: return Array(text.utf8)
        default: throw Self.unsupported(Value.self, .encodingFailed)
        }
    }

    public func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
    ) throws -> Value {
        let bytes = bytes ?? []
        if let value = bytes as? Value { return value }
        if type == Data.self, let value = Data(bytes) as? Value { return value }
        if type == String.self {
            guard let text = String(validating: bytes, as: UTF8.self), let value = text as? Value else {
                throw SerdesError(.decodingFailed, message: "the bytes are not UTF-8")
            }
            return value
        }
        throw Self.unsupported(type, .decodingFailed)
    }

    private static func unsupported<Value>(_ type: Value.Type, _ code: SerdesError.Code) -> SerdesError {
        SerdesError(code, message: "the bytes serdes knows [UInt8], Data and String, not \(type)")
    }
}

extension Serdes where Self == BytesSerdes {
    /// Bytes as they are: see ``BytesSerdes``.
    public static var bytes: BytesSerdes { BytesSerdes() }
}
