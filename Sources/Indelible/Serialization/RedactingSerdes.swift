/// JSON in which chosen fields are blanked out before anything is recorded.
///
/// A field is named by its key, wherever it stands (`"cardToken"`), or by its path from the top (`"card.number"`;
/// arrays count as transparent). A text becomes `"***"`, a number 0, a boolean false; in an object or an array every
/// value does. So the record still decodes as its type, unless that reads meaning from the text, as a date does: then
/// the value is refused before anything is recorded.
///
/// What a durable call returns is what was recorded, on the first run too: the handler gets the blanked value. Use the
/// secret inside the step that obtains it.
public struct RedactingSerdes: Serdes {
    private let redaction: JSONRedaction

    public init(fields: [String]) {
        redaction = JSONRedaction(fields: fields)
    }

    public func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
        redaction.apply(to: try JSONSerdes.encode(value))
    }

    public func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
    ) throws -> Value {
        try JSONSerdes.decode(type, from: bytes)
    }
}

extension Serdes where Self == RedactingSerdes {
    /// JSON without the values of these fields: see ``RedactingSerdes``.
    public static func redacting(_ fields: String...) -> RedactingSerdes { RedactingSerdes(fields: fields) }
}
