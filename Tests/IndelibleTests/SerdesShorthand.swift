import Indelible

/// Tests of a serdes alone have no execution.
extension Serdes {
    func encode<Value: Encodable & Sendable>(_ value: Value) async throws -> [UInt8]? {
        try await encode(value, for: .outside)
    }

    func decode<Value: Decodable & Sendable>(_ type: Value.Type, from bytes: [UInt8]?) async throws -> Value {
        try await decode(type, from: bytes, for: .outside)
    }
}

extension JSONSerdes {
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]? { try encode(value, for: .outside) }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?) throws -> Value {
        try decode(type, from: bytes, for: .outside)
    }
}

extension RedactingSerdes {
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]? { try encode(value, for: .outside) }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?) throws -> Value {
        try decode(type, from: bytes, for: .outside)
    }
}

extension BytesSerdes {
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]? { try encode(value, for: .outside) }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?) throws -> Value {
        try decode(type, from: bytes, for: .outside)
    }
}
