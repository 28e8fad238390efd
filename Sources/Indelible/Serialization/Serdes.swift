/// Turns values into the bytes that are recorded, and back.
///
/// What a durable call returns has been through both directions on the first run too, so the first run and every
/// replay see one value. Bytes are recorded verbatim: a serdes may encrypt or leave out what must not be on disk, and
/// a released one must go on reading what it once wrote.
public protocol Serdes: Sendable {
    /// The bytes of `value`; nil for no bytes at all, which only few types read back.
    ///
    /// - Throws: Anything. It reaches the handler as a ``SerdesError``, or fails the step whose result it was.
    func encode<Value: Encodable>(_ value: Value) throws -> [UInt8]?

    /// The value that `bytes` stand for; nil when nothing was recorded.
    func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?) throws -> Value
}

extension Serdes {
    /// Encodes, and wraps whatever the serdes throws.
    func encoded<Value: Encodable>(_ value: Value, as what: @autoclosure () -> String) throws(SerdesError) -> [UInt8]? {
        do {
            return try encode(value)
        } catch {
            throw SerdesError(
                .encodingFailed, message: "cannot encode \(what()) of type \(Value.self): \(Self.reason(error))",
                cause: error)
        }
    }

    /// Decodes, and wraps whatever the serdes throws.
    func decoded<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, as what: @autoclosure () -> String
    ) throws(SerdesError) -> Value {
        do {
            return try decode(type, from: bytes)
        } catch {
            throw SerdesError(
                .decodingFailed, message: "cannot decode \(what()) as \(Value.self): \(Self.reason(error))",
                cause: error)
        }
    }

    private static func reason(_ error: any Error) -> String {
        (error as? SerdesError)?.message ?? String(describing: error)
    }
}
