/// Another serdes, whose bytes are transformed before they are recorded and transformed back when they are read: to
/// encrypt or to compress them.
///
/// ```swift
/// let encrypted = TransformingSerdes { bytes, place in
///     try await keys.seal(bytes, context: place.executionID)
/// } decode: { bytes, place in
///     try await keys.open(bytes, context: place.executionID)
/// }
/// ```
///
/// Both closures are given the same place, except where a value crosses executions: an input is encoded where its execution
/// is started, and a result is decoded by whoever asks for it. Where no bytes are recorded, none are transformed.
///
/// What a closure throws becomes a ``SerdesError``: throw one with ``SerdesError/Code/unavailable`` for what another try may
/// change, such as a key service that does not answer.
public struct TransformingSerdes: Serdes {
    /// Makes other bytes of a value's bytes. It runs off every actor, and may wait.
    public typealias Transform = @Sendable (_ bytes: [UInt8], _ place: SerdesPlace) async throws -> [UInt8]

    private let base: any Serdes
    private let encodeTransform: Transform
    private let decodeTransform: Transform

    /// - Parameters:
    ///   - base: Gives and takes the bytes as they are before and after.
    ///   - encode: From the base's bytes to those that are recorded.
    ///   - decode: Back. It must read whatever `encode` has ever written.
    public init(_ base: any Serdes = .json, encode: @escaping Transform, decode: @escaping Transform) {
        self.base = base
        encodeTransform = encode
        decodeTransform = decode
    }

    public nonisolated(nonsending) func encode<Value: Encodable>(
        _ value: Value, for place: SerdesPlace
    ) async throws -> [UInt8]? {
        guard let bytes = try await base.encode(value, for: place) else { return nil }
        return try await encodeTransform(bytes, place)
    }

    public nonisolated(nonsending) func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
    ) async throws -> Value {
        var plain: [UInt8]?
        if let bytes { plain = try await decodeTransform(bytes, place) }
        return try await base.decode(type, from: plain, for: place)
    }
}

extension Serdes where Self == TransformingSerdes {
    /// Another serdes with its bytes transformed: see ``TransformingSerdes``.
    public static func transforming(
        _ base: any Serdes = .json, encode: @escaping TransformingSerdes.Transform,
        decode: @escaping TransformingSerdes.Transform
    ) -> TransformingSerdes {
        TransformingSerdes(base, encode: encode, decode: decode)
    }
}
