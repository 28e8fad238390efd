import CLZ4

/// A block that does not decompress to what it should.
package enum BlockError: Error, Equatable {
    /// The bytes are no LZ4 block, refer back beyond the dictionary, or hold more than expected.
    case malformed
    /// A sound block of another length.
    case lengthMismatch(expected: Int, actual: Int)
}

extension BlockDictionary {
    /// Decompresses `source`, a block made with this dictionary, to the whole of `target`.
    ///
    /// Safe on any input: reads and writes nothing outside its arguments.
    package func decompress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) throws(BlockError) {
        let lengthMax = Int(Int32.max)
        precondition(target.count <= lengthMax, "a block is at most 2 GiB")
        guard source.count <= lengthMax, let start = source.baseAddress else { throw .malformed }
        // LZ4 wants an address even for no bytes.
        var nowhere: UInt8 = 0
        let written = withUnsafeMutableBytes(of: &nowhere) { spare in
            LZ4_decompress_safe_usingDict(
                start, target.baseAddress ?? spare.baseAddress, Int32(source.count), Int32(target.count),
                bytes.baseAddress, Int32(bytes.count))
        }
        guard written >= 0 else { throw .malformed }
        guard Int(written) == target.count else {
            throw .lengthMismatch(expected: target.count, actual: Int(written))
        }
    }
}
