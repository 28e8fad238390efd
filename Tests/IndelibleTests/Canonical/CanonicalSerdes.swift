import Indelible

/// The serdes that AWS's requirements ask for. What they write is no JSON, so that the history shows whose bytes it holds.
enum CanonicalSerdes {
    /// A text in capitals.
    struct Uppercase: Serdes {
        func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
            Array(try CanonicalSerdes.text(value).uppercased().utf8)
        }

        func decode<Value: Decodable>(
            _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
        ) throws -> Value {
            try BytesSerdes().decode(type, from: bytes, for: place)
        }
    }

    /// `wrapped:` before a text.
    struct Wrapped: Serdes {
        private static let prefix = "wrapped:"

        func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
            Array((Self.prefix + (try CanonicalSerdes.text(value))).utf8)
        }

        func decode<Value: Decodable>(
            _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
        ) throws -> Value {
            let text = try CanonicalSerdes.text(bytes, after: Self.prefix)
            return try BytesSerdes().decode(type, from: Array(text.utf8), for: place)
        }
    }

    /// The results of a batch of texts whose items have all succeeded: `OPSERDE:X,Y`.
    struct Joined: Serdes {
        private static let prefix = "OPSERDE:"

        func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
            guard let batch = value as? BatchResult<String> else {
                throw SerdesError(.encodingFailed, message: "\(value) is no batch of texts")
            }
            return Array((Self.prefix + batch.results.joined(separator: ",")).utf8)
        }

        func decode<Value: Decodable>(
            _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
        ) throws -> Value {
            let results = try CanonicalSerdes.text(bytes, after: Self.prefix).split(separator: ",")
            // A batch is made from its JSON.
            let items = results.enumerated().map {
                #"{"index":\#($0.offset),"status":"SUCCEEDED","result":"\#($0.element)"}"#
            }
            let json = #"{"all":[\#(items.joined(separator: ","))],"completionReason":"ALL_COMPLETED"}"#
            return try JSONSerdes().decode(type, from: Array(json.utf8), for: place)
        }
    }

    private static func text(_ value: some Encodable) throws -> String {
        guard let text = value as? String else { throw SerdesError(.encodingFailed, message: "\(value) is no text") }
        return text
    }

    private static func text(_ bytes: [UInt8]?, after prefix: String) throws -> Substring {
        let text = String(decoding: bytes ?? [], as: UTF8.self)
        guard text.hasPrefix(prefix) else {
            throw SerdesError(.decodingFailed, message: "'\(text)' does not begin with '\(prefix)'")
        }
        return text.dropFirst(prefix.count)
    }
}
