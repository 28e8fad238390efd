/// The right to complete one callback: hand it to whoever is to answer, and give the answer to
/// `DurableEngine.complete(_:with:)`.
///
/// As text: 1 to 1,024 characters of `[A-Za-z0-9+/=]`, to be escaped in a URL. It cannot be guessed; whoever has it can
/// complete the callback.
public struct CallbackID: Hashable, Sendable, Codable, LosslessStringConvertible {
    public let description: String

    /// Takes any text: an id that names no callback is refused where it is used.
    public init(_ description: String) {
        self.description = description
    }

    public init(from decoder: any Decoder) throws {
        description = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
