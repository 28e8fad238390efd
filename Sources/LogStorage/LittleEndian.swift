extension RawSpan {
    /// The integer at `offset`, which the caller has checked to lie within.
    @inline(__always)
    func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ type: Value.Type, at offset: Int) -> Value {
        Value(littleEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Writes the integer at `offset`; outside is the caller's bug.
    @inline(__always)
    func storeLittleEndian<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<Value>.size <= count, "an integer outside its buffer")
        storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
    }
}
