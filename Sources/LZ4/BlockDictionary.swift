import CLZ4

/// Bytes that a block may refer back to, and the compressor's state after it has read them.
///
/// Loading a dictionary costs about 1.4 µs, copying the loaded state 0.3 µs: so it is loaded once, and every block starts
/// from a copy. (`LZ4_attach_dictionary` would save that copy, but Debian's shared library does not export it.)
///
/// Immutable once made, so it may be shared by threads.
// @unchecked: both allocations are written in `init` only, read from then on, and freed in `deinit`.
package final class BlockDictionary: @unchecked Sendable {
    /// LZ4 looks back no further.
    package static let byteCountMax = 64 << 10

    let bytes: UnsafeRawBufferPointer
    /// Points into `bytes`.
    let loadedState: UnsafePointer<LZ4_stream_t>

    /// - Parameter content: 0 to 64 KiB; what is most common comes last.
    package init(_ content: [UInt8]) {
        precondition(content.count <= Self.byteCountMax, "a dictionary is at most 64 KiB")
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: content.count, alignment: 8)
        copy.copyBytes(from: content)
        let state = UnsafeMutablePointer<LZ4_stream_t>.allocate(capacity: 1)
        LZ4_initStream(state, MemoryLayout<LZ4_stream_t>.size)
        if let start = copy.baseAddress, !content.isEmpty {
            LZ4_loadDict(state, start, Int32(content.count))
        }
        self.bytes = UnsafeRawBufferPointer(copy)
        self.loadedState = UnsafePointer(state)
    }

    deinit {
        loadedState.deallocate()
        bytes.deallocate()
    }
}
