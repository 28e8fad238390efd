/// The ways in which a function's values become bytes.
struct FunctionCoding: Sendable {
    let name: String
    let serdes: any Serdes

    func input<Value: Encodable & SendableMetatype>(
        of type: Value.Type
    ) -> nonisolated(nonsending) @Sendable (Value, SerdesPlace) async throws -> [UInt8]? {
        { try await serdes.encoded($0, for: $1, as: "the input of function '\(name)'") }
    }

    func output<Value: Decodable & SendableMetatype>(
        of type: Value.Type
    ) -> nonisolated(nonsending) @Sendable ([UInt8]?, SerdesPlace) async throws -> Value {
        { try await serdes.decoded(Value.self, from: $0, for: $1, as: "the result of function '\(name)'") }
    }

    nonisolated(nonsending) func decodeInput<Value: Decodable>(
        _ bytes: [UInt8]?, as type: Value.Type, _ place: SerdesPlace
    ) async throws -> Value {
        try await serdes.decoded(type, from: bytes, for: place, as: "the input of function '\(name)'")
    }

    nonisolated(nonsending) func encodeOutput(_ value: some Encodable, _ place: SerdesPlace) async throws -> [UInt8]? {
        try await serdes.encoded(value, for: place, as: "the result of function '\(name)'")
    }
}
