#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The bytes of a branch's result whose type the batch does not know: in JSON a text, or base64 where they are none.
struct RecordedBytes: Codable, Sendable {
    var bytes: [UInt8]?

    private enum CodingKeys: String, CodingKey {
        case text, base64
    }

    init(bytes: [UInt8]?) {
        self.bytes = bytes
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let text = try container.decodeIfPresent(String.self, forKey: .text) {
            bytes = Array(text.utf8)
        } else {
            bytes = try container.decodeIfPresent(Data.self, forKey: .base64).map { Array($0) }
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        guard let bytes else { return }
        if let text = String(validating: bytes, as: UTF8.self) {
            try container.encode(text, forKey: .text)
        } else {
            try container.encode(Data(bytes), forKey: .base64)
        }
    }

    /// Takes an item's bytes as they are.
    static let serdes = PassingSerdes()

    struct PassingSerdes: Serdes {
        func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
            (value as? RecordedBytes)?.bytes
        }

        func decode<Value: Decodable>(
            _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
        ) throws -> Value {
            guard let value = RecordedBytes(bytes: bytes) as? Value else {
                preconditionFailure("the serdes of recorded bytes is asked for \(type)")
            }
            return value
        }
    }
}
