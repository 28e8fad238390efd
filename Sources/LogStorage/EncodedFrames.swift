/// The bytes of the frames being built: grows, is reused, and never shrinks.
// @unchecked: it owns its memory alone, and a noncopyable value is used by one thread at a time.
struct EncodedFrames: ~Copyable, @unchecked Sendable {
    private(set) var storage: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init() {
        storage = .allocate(byteCount: 64 << 10, alignment: 16)
    }

    deinit {
        storage.deallocate()
    }

    /// Makes room for `byteCount` more. Pointers into the storage end here.
    mutating func reserve(_ byteCount: Int) {
        let needed = count + byteCount
        guard needed > storage.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: max(needed, storage.count * 2), alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
        storage.deallocate()
        storage = larger
    }

    /// Takes the `byteCount` bytes that were written behind the end.
    mutating func commit(_ byteCount: Int) {
        precondition(byteCount >= 0 && count + byteCount <= storage.count, "more bytes than were reserved")
        count += byteCount
    }

    mutating func removeAll() {
        count = 0
    }
}
