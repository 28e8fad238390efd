/// Unsigned integers of 7 bits a byte, low bits first, a set high bit meaning that more follow; as short as possible.
/// Signed ones are zigzagged first, so that small negative numbers are short too.
package enum Varint {
    package enum Failure: Error, Equatable {
        /// The bytes end within the integer.
        case truncated
        /// Above the type's range, or longer than its shortest form.
        case malformed
    }

    /// Writes at `target` and returns the byte after. The caller has reserved 10 bytes.
    @inline(__always)
    package static func encode(_ value: UInt64, to target: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
        var rest = value
        var next = target
        while rest >= 0x80 {
            next.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, as: UInt8.self)
            rest >>= 7
            next += 1
        }
        next.storeBytes(of: UInt8(truncatingIfNeeded: rest), as: UInt8.self)
        return next + 1
    }

    static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: 10, alignment: 1) { room in
            let end = encode(value, to: room.baseAddress!)
            bytes.append(contentsOf: room[..<(end - UnsafeMutableRawPointer(room.baseAddress!))])
        }
    }

    /// Decodes at `offset` and moves it behind the integer.
    @inline(__always)
    package static func decode(_ bytes: RawSpan, at offset: inout Int) throws(Failure) -> UInt64 {
        guard offset < bytes.byteCount else { throw .truncated }
        let first = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        offset += 1
        if first < 0x80 { return UInt64(first) }
        var value = UInt64(first & 0x7F)
        var shift: UInt64 = 7
        while true {
            guard offset < bytes.byteCount else { throw .truncated }
            let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            offset += 1
            // The tenth byte holds the last bit; a zero byte at the end is a longer form than needed.
            guard shift < 63 || byte <= 1, byte != 0 else { throw .malformed }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    @inline(__always)
    package static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    @inline(__always)
    package static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}
