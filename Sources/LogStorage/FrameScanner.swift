/// Reads the frames of one segment in order, a window of the file at a time.
struct FrameScanner {
    let header: SegmentHeader
    /// Nothing at or beyond it is read.
    var end: Int

    private let file: any LogFile
    private let decoder: FrameDecoder
    private let parts: FrameParts
    private let readsDevice: Bool
    private var window: [UInt8] = []
    private var windowStart = 0

    private static let windowBytes = 256 << 10

    /// - Parameters:
    ///   - parts: What of each frame is read.
    ///   - readsDevice: Reads past the page cache, which after a failed sync shows what never reached the disk.
    init(
        _ file: any LogFile, header: SegmentHeader, end: Int, reading parts: FrameParts = .bodies,
        readsDevice: Bool = false
    ) {
        self.file = file
        self.header = header
        self.end = end
        self.decoder = FrameDecoder(segment: header)
        self.parts = parts
        self.readsDevice = readsDevice
    }

    /// The frame at `offset`, with all that is read of it checked, or why it is none.
    mutating func frame(at offset: Int) throws(FileSystemError) -> Result<Frame, FrameError> {
        var needed = FrameHeader.encodedByteCount
        while true {
            try load(offset, count: needed)
            do throws(FrameError) {
                return .success(
                    try decoder.frame(
                        window.span.bytes.extracting((offset - windowStart)...), at: offset, reading: parts))
            } catch .truncated(let more, let available) where more > available && offset + more <= end {
                // Shorter than asked: the file itself is.
                guard needed < more else { return .failure(.truncated(needed: more, available: available)) }
                needed = more
            } catch {
                return .failure(error)
            }
        }
    }

    /// The header at `offset` and nothing of what follows its directory; nil when there is none that checks.
    mutating func soundHeader(at offset: Int) throws(FileSystemError) -> FrameHeader? {
        var needed = FrameHeader.encodedByteCount
        while true {
            try load(offset, count: needed)
            do throws(FrameError) {
                return try decoder.header(window.span.bytes.extracting((offset - windowStart)...))
            } catch .truncated(let more, _) where needed < more && offset + more <= end {
                needed = more
            } catch {
                return nil
            }
        }
    }

    /// Has the next look read the file again.
    mutating func forget() {
        window = []
    }

    /// The next place after `offset`, a multiple of a frame's alignment, that holds a frame's magic number.
    mutating func nextMagic(after offset: Int) throws(FileSystemError) -> Int? {
        let alignment = FrameHeader.alignment
        var position = (offset / alignment + 1) * alignment
        while position + FrameHeader.encodedByteCount <= end {
            try load(position, count: FrameHeader.encodedByteCount)
            let available = (windowStart + window.count - position) / alignment * alignment
            guard available >= FrameHeader.encodedByteCount else { return nil }
            let start = position - windowStart
            let found = window.withUnsafeBytes { bytes -> Int? in
                var place = start
                while place < start + available {
                    let value = bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self)
                    if UInt32(littleEndian: value) == FrameHeader.magic { return place }
                    place += alignment
                }
                return nil
            }
            if let found { return windowStart + found }
            position += available
        }
        return nil
    }

    /// Has the window hold `count` bytes from `offset`, unless the segment ends before.
    private mutating func load(_ offset: Int, count: Int) throws(FileSystemError) {
        let wanted = min(count, end - offset)
        if offset >= windowStart && offset + wanted <= windowStart + window.count { return }
        let length = min(max(count, Self.windowBytes), end - offset)
        window =
            readsDevice ? try file.readUncached(at: offset, count: length) : try file.read(at: offset, count: length)
        windowStart = offset
    }
}
