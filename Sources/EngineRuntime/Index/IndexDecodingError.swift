import LogStorage

/// Why an entry of the index cannot be read. The index is a cache: it is rebuilt from the log then.
package enum IndexDecodingError: Error, Equatable {
    /// The bytes end within a field.
    case truncated(field: String)
    /// A value outside its range, or in another form than the one there is.
    case malformed(field: String)
    case trailingBytes
}

extension RawSpan {
    func indexVarint(_ field: String, at offset: inout Int) throws(IndexDecodingError) -> UInt64 {
        do throws(Varint.Failure) {
            return try Varint.decode(self, at: &offset)
        } catch .truncated {
            throw .truncated(field: field)
        } catch {
            throw .malformed(field: field)
        }
    }

    /// A count or a length, which no file can exceed.
    func indexCount(_ field: String, at offset: inout Int) throws(IndexDecodingError) -> Int {
        let value = try indexVarint(field, at: &offset)
        guard value <= UInt64(Int32.max) else { throw .malformed(field: field) }
        return Int(value)
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
