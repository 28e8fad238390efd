import CLZ4

/// Compresses blocks, each on its own, against one dictionary. Reused for speed; keeps nothing from block to block.
// @unchecked: it owns `state` alone, and a noncopyable value is used by one thread at a time.
package struct BlockCompressor: ~Copyable, @unchecked Sendable {
    private let dictionary: BlockDictionary
    private let state: UnsafeMutablePointer<LZ4_stream_t>

    package init(dictionary: BlockDictionary) {
        self.dictionary = dictionary
        self.state = .allocate(capacity: 1)
    }

    deinit {
        state.deallocate()
    }

    /// Compresses `source` to the start of `target`.
    ///
    /// - Parameter source: 1 byte to 1 GiB.
    /// - Returns: The bytes written, or nil when `target` is too small; its content is undefined then.
    package mutating func compress(
        _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        precondition((1...1 << 30).contains(source.count), "a block is 1 byte to 1 GiB")
        guard !target.isEmpty else { return nil }
        state.update(from: dictionary.loadedState, count: 1)
        let written = LZ4_compress_fast_continue(
            state, source.baseAddress, target.baseAddress, Int32(source.count),
            Int32(min(target.count, Int(Int32.max))), 1)
        return written > 0 ? Int(written) : nil
    }
}

/// The version of the library in use, as `LZ4_VERSION_NUMBER` has it. Versions may compress to different bytes; all
/// decompress them alike.
package var libraryVersion: Int { Int(LZ4_versionNumber()) }
