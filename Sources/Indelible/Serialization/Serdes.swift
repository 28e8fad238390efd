import ExecutionModel

/// Turns values into the bytes that are recorded, and back.
///
/// What a durable call returns has been through both directions on the first run too, so the first run and every
/// replay see one value. Bytes are recorded verbatim: a serdes may encrypt or leave out what must not be on disk, keep
/// large values elsewhere, or call whoever holds the keys; and a released one must go on reading what it once wrote.
///
/// A conformance without `async` and with plain functions is enough where nothing is waited for.
public protocol Serdes: Sendable {
    /// The bytes of `value`; nil for no bytes at all, which only few types read back.
    ///
    /// It may be asked more than once for one place, with the same value or with another, when a crash came before the
    /// record.
    ///
    /// - Throws: Anything. It reaches the handler as a ``SerdesError``, or fails the step whose result it was. A
    ///   ``SerdesError`` with ``SerdesError/Code/unavailable`` does neither: the invocation ends, and is tried again.
    nonisolated(nonsending) func encode<Value: Encodable>(
        _ value: Value, for place: SerdesPlace
    ) async throws -> [UInt8]?

    /// The value that `bytes` stand for; nil when nothing was recorded.
    nonisolated(nonsending) func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
    ) async throws -> Value
}

/// Whose value a serdes is given.
public struct SerdesPlace: Sendable {
    private let facts: ExecutionFacts?
    /// The path of the operation: `1-2`. Nil for the input and the result of an execution, and for what is sent to a
    /// callback from outside.
    public let operationID: String?

    package init(_ facts: ExecutionFacts?, operation: String? = nil) {
        self.facts = facts
        operationID = operation
    }

    /// No execution: an input before its execution starts, or what a callback is completed with.
    public static let outside = SerdesPlace(nil)

    /// Empty where there is no execution yet.
    public var executionARN: String { facts?.arn ?? "" }
    public var executionID: String { facts?.id.description ?? "" }
    public var executionName: String { facts?.name ?? "" }
    public var functionName: String { facts?.function ?? "" }
}

extension Serdes {
    /// Encodes, and wraps whatever the serdes throws.
    nonisolated(nonsending) func encoded<Value: Encodable>(
        _ value: Value, for place: SerdesPlace, as what: @autoclosure () -> String
    ) async throws(SerdesError) -> [UInt8]? {
        do {
            return try await encode(value, for: place)
        } catch {
            throw SerdesError(
                Self.code(of: error) ?? .encodingFailed,
                message: "cannot encode \(what()) of type \(Value.self): \(Self.reason(error))", cause: error)
        }
    }

    /// Decodes, and wraps whatever the serdes throws.
    nonisolated(nonsending) func decoded<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace, as what: @autoclosure () -> String
    ) async throws(SerdesError) -> Value {
        do {
            return try await decode(type, from: bytes, for: place)
        } catch {
            throw SerdesError(
                Self.code(of: error) ?? .decodingFailed,
                message: "cannot decode \(what()) as \(Value.self): \(Self.reason(error))", cause: error)
        }
    }

    /// Whether it is worth another try is for the serdes to say.
    private static func code(of error: any Error) -> SerdesError.Code? {
        (error as? SerdesError)?.code == .unavailable ? .unavailable : nil
    }

    private static func reason(_ error: any Error) -> String {
        (error as? SerdesError)?.message ?? String(describing: error)
    }
}
