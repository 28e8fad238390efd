import CLZ4

/// Compresses blocks as ``BlockCompressor`` does, smaller and some ten times slower: LZ4 HC. The same decompressor reads
/// both. For what is written once and read for years.
// @unchecked: it owns `state` alone, and a noncopyable value is used by one thread at a time.
package struct HCBlockCompressor: ~Copyable, @unchecked Sendable {
    private let dictionary: BlockDictionary
    private let level: Int32
    private let state: UnsafeMutablePointer<LZ4_streamHC_t>

    /// - Parameter level: 3 to 12, LZ4's own scale. 6 is the knee: higher ones cost twice the time for a hundredth.
    package init(dictionary: BlockDictionary, level: Int = 6) {
        precondition((3...12).contains(level), "LZ4 HC has levels 3 to 12")
        self.dictionary = dictionary
        self.level = Int32(level)
        self.state = .allocate(capacity: 1)
        LZ4_initStreamHC(state, MemoryLayout<LZ4_streamHC_t>.size)
    }

    deinit {
        state.deallocate()
    }

    /// Compresses `source` to the start of `target`; the same bytes for the same block every time.
    ///
    /// - Parameter source: 1 byte to 1 GiB.
    /// - Returns: The bytes written, or nil when `target` is too small; its content is undefined then.
    package mutating func compress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        precondition((1...1 << 30).contains(source.count), "a block is 1 byte to 1 GiB")
        guard !target.isEmpty else { return nil }
        // The state is 256 KiB: loading the dictionary anew costs no more than copying a loaded one.
        LZ4_resetStreamHC_fast(state, level)
        LZ4_loadDictHC(state, dictionary.bytes.baseAddress, Int32(dictionary.bytes.count))
        let written = LZ4_compress_HC_continue(
            state, source.baseAddress, target.baseAddress, Int32(source.count),
            Int32(min(target.count, Int(Int32.max))))
        return written > 0 ? Int(written) : nil
    }
}
