/// The fields that only snapshots have, beside those of events: `Event+Encoding.swift`. SPEC.md, "Snapshots", is the
/// authority. Every value has one encoding.
extension [UInt8] {
    /// Zigzag, then as a varint: small numbers of either sign are short.
    package mutating func append(signed value: Int64) {
        append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    /// The difference to `base`, modulo 2^64, so that every pair of moments has one.
    package mutating func append(time: Timestamp, since base: Timestamp) {
        append(signed: time.millisecondsSinceEpoch &- base.millisecondsSinceEpoch)
    }

    /// 0 for none; otherwise twice the length, plus 1 when the bytes follow, or plus 2 when the LSN of their record does.
    package mutating func append(kept payload: Payload?) {
        switch payload {
        case nil:
            append(0)
        case .inline(let bytes):
            append(varint: UInt64(bytes.count) << 1 + 1)
            append(contentsOf: bytes)
        case .stored(let lsn, let length):
            precondition(
                lsn > 0 && (0...Payload.storedLengthMax).contains(length), "a stored payload that no record can hold")
            append(varint: UInt64(length) << 1 + 2)
            append(varint: lsn)
        }
    }
}

extension RawSpan {
    package func signed(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> Int64 {
        let zigzag = try varint(field, at: &offset)
        return Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    }

    package func time(since base: Timestamp, at offset: inout Int) throws(EventDecodingError) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: base.millisecondsSinceEpoch &+ (try signed(.time, at: &offset)))
    }

    package func keptPayload(at offset: inout Int) throws(EventDecodingError) -> Payload? {
        let start = offset
        let code = try varint(.payload, at: &offset)
        if code == 0 { return nil }
        let length = (code - 1) >> 1
        guard (code - 1) & 1 == 1 else {
            let range = try take(length, .payload, from: start, at: &offset)
            return .inline(extracting(range).withUnsafeBytes { [UInt8]($0) })
        }
        guard length <= Payload.storedLengthMax else { throw .invalid(field: .payload, offset: start) }
        let lsn = try varint(.payload, at: &offset)
        guard lsn > 0 else { throw .invalid(field: .payload, offset: start) }
        return .stored(lsn: lsn, length: Int(length))
    }

    /// An integer that may not pass `limit`.
    package func count(
        _ field: EventField, atMost limit: UInt64, at offset: inout Int
    ) throws(EventDecodingError) -> UInt64 {
        let start = offset
        let value = try varint(field, at: &offset)
        guard value <= limit else { throw .invalid(field: field, offset: start) }
        return value
    }
}
